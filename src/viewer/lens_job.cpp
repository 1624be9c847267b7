#include "viewer/lens_job.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "figure/activation_grid.h"
#include "graph/names.h"
#include "io/resize.h"
#include "session/input_size.h"

namespace convscope::viewer {

namespace {

// Steps are short enough to be watched: a CPU has a quarter of the cells in each. Each cell is in as many of them as
// `convscope grid` has it in.
constexpr int at_once_on_cpu = 16, at_once_on_gpu = 64, visits = 256 * 64;
constexpr int cut_of_cell = 2; // of cell_side pixels: what the transforms leave half made

} // namespace

void LensJob::forget() {
  drop_grid();
  state_ = {};
  seen_ = {};
}

void LensJob::look(const std::string &layer, Array maps, const ImageRgb8 &seen, float part) {
  forget();
  state_.layer = layer;
  state_.part = part;
  state_.maps = std::make_shared<const Array>(std::move(maps));
  const int longer = std::max(seen.width, seen.height);
  const double factor = std::min(1.0, double(shown_side) / std::max(longer, 1));
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * factor))); };
  seen_ = resize(seen, scaled(seen.width), scaled(seen.height));
}

bool LensJob::divided(int count) const {
  return state_.groups &&
         static_cast<int>(state_.groups->groups.size()) == std::min(count, groups_at_most(shape_of(*state_.maps)));
}

void LensJob::divide(int count) {
  state_.groups.reset();
  state_.groups_problem.clear();
  const int most = groups_at_most(shape_of(*state_.maps));
  try {
    state_.groups =
        std::make_shared<const ActivationGroups>(group_activations(*state_.maps, std::min(count, most), state_.layer));
  } catch (const UserError &error) {
    state_.groups_problem = error.what();
  }
}

std::vector<ImageRgb8> LensJob::overlays() const {
  const ActivationGroups &groups = *state_.groups;
  std::vector<ColouredMap> maps;
  for (const ActivationGroup &group : groups.groups)
    maps.push_back({group.map, groups.width, groups.height, group_colour(static_cast<int>(maps.size()))});
  std::vector<ImageRgb8> pictures{draw_overlay(seen_, maps)};
  for (const ColouredMap &map : maps)
    pictures.push_back(draw_overlay(seen_, {map}));
  return pictures;
}

void LensJob::begin_grid(const Recipe &recipe, std::uint64_t seed) {
  drop_grid(); // its memory first
  recipe_ = recipe;
  seed_ = seed;
  const int at_once = session_.device().info().is_cpu() ? at_once_on_cpu : at_once_on_gpu;
  recipe_.steps = visits / at_once;
  GridRequest request;
  request.layer = find_layer(session_.graph(), state_.layer);
  request.maps = *state_.maps;
  request.recipe = recipe_;
  const Size image = image_size_for(session_.model(), {request.layer}, recipe_, cell_side);
  request.options.width = image.width;
  request.options.height = image.height;
  request.options.seed = seed;
  request.options.slicing = slicing_;
  request.at_once = at_once;
  grid_.emplace(session_, std::move(request));
  const std::vector<double> sides = cell_sides(grid_->cells());
  std::vector<LensState::Cell> cells;
  for (std::size_t i = 0; i < sides.size(); ++i)
    cells.push_back({grid_->cells()[i].x, grid_->cells()[i].y, static_cast<float>(sides[i])});
  state_.grid = LensState::Grid{};
  state_.grid->cells = std::make_shared<const std::vector<LensState::Cell>>(std::move(cells));
  state_.grid->columns = grid_->columns();
  state_.grid->rows = grid_->rows();
  state_.grid->steps = grid_->steps();
  state_.grid->border = static_cast<float>(cut_of_cell) / cell_side;
}

void LensJob::drop_grid() {
  grid_.reset();
  state_.grid.reset();
  stepping_ = false;
}

bool LensJob::advance_grid() {
  try {
    stepping_ = !grid_->advance_slice();
  } catch (const vulkan::NoRoom &error) { // too much is the user's to mend
    drop_grid();
    throw UserError(error.what());
  }
  if (stepping_)
    return false;
  if (const auto step = grid_->stopped()) {
    drop_grid();
    throw UserError(fmt::format("the grid's values are not numbers any more since step {}: try a lower rate", *step));
  }
  return true;
}

void LensJob::finish_step() {
  while (stepping_)
    advance_grid();
}

Atlas LensJob::grid_atlas() {
  const Size cell = cell_size(plane_view(session_.graph().input.c, session_.model().rgb), grid_image(), 256);
  return {session_.programs(), static_cast<int>(grid_->cells().size()), cell.width, cell.height, "grid"};
}

void LensJob::show_grid(Atlas &atlas) {
  const PlaneView view = plane_view(session_.graph().input.c, session_.model().rgb);
  const std::int64_t each = std::int64_t{session_.graph().input.c} * grid_->height() * grid_->width();
  grid_->draw([&](int first, int count, const vulkan::Slice &images) {
    vulkan::Recording recording(session_.device(), "grid");
    for (int i = 0; i < count; ++i)
      atlas.put_image(recording, first + i, images, i * each, grid_->height(), grid_->width(), view);
    recording.finish();
    recording.run("drawing the grid");
  });
  state_.grid->step = grid_->step();
  state_.grid->visits = static_cast<float>(grid_->step()) * static_cast<float>(grid_->at_once()) /
                        static_cast<float>(grid_->cells().size());
}

SavedGrid LensJob::saved_grid() {
  if (!grid_ || grid_->step() == 0)
    throw UserError("there is no grid to save yet");
  return {state_.layer,     grid_->cells(), grid_->columns(), grid_->rows(),
          grid_->at_once(), grid_->step(),  grid_->images()};
}

} // namespace convscope::viewer
