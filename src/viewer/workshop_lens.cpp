// What the workshop does for the lens: the wall's maps for the host, groups, the grid.
#include "viewer/workshop.h"

#include <utility>

#include "base/error.h"
#include "graph/names.h"
#include "io/resize.h"

namespace convscope::viewer {

namespace {

constexpr double seconds_between_grids = 0.4; // all cells are drawn anew

bool needs_maps(Lens::Kind kind) { return kind != Lens::Kind::none && kind != Lens::Kind::map; }

} // namespace

void Workshop::forget_lens() {
  lens_.forget();
  retire(grid_atlas_);
  retire(groups_atlas_);
}

void Workshop::set_lens(const Wish &was) {
  const Lens &lens = now_.lens;
  if (needs_maps(lens.kind) && !lens_.looks())
    look_through_lens();
  if (!lens_.looks())
    return;
  if (lens.kind == Lens::Kind::groups && !lens_.divided(lens.groups) &&
      (lens_.state().groups_problem.empty() || lens.groups != was.lens.groups))
    show_groups();
  if (now_.grids != was.grids)
    begin_grid();
}

// The wall's maps are on the device already.
void Workshop::look_through_lens() {
  if (!wall_ || !wall_->has_features())
    return;
  const Shape shape = wall_->map_shape();
  Array maps{{shape.c, shape.h, shape.w}, {}};
  maps.data.resize(static_cast<std::size_t>(maps.elements()));
  wall_->read_features(maps.data);
  const Session::PhotoFit fit = session_.fit(photo_, {find_layer(session_.graph(), wall_->layer())});
  const float part = fit.whole ? 0 : static_cast<float>(fit.size.width) / static_cast<float>(fit.size.height);
  lens_.look(wall_->layer(), std::move(maps),
             fit.whole ? photo_
                       : cut(photo_, centered_part(photo_.width, photo_.height, fit.size.width, fit.size.height)),
             part);
}

void Workshop::show_groups() {
  retire(groups_atlas_);
  say_busy("groups of " + layer_);
  lens_.divide(now_.lens.groups);
  if (!lens_.state().groups)
    return;
  const std::vector<ImageRgb8> pictures = lens_.overlays();
  const int width = pictures.front().width, height = pictures.front().height;
  groups_atlas_ =
      std::make_unique<Atlas>(session_.programs(), static_cast<int>(pictures.size()), width, height, "groups");
  for (std::size_t i = 0; i < pictures.size(); ++i)
    groups_atlas_->draw_picture(static_cast<int>(i), to_float(pictures[i]), "drawing groups");
}

void Workshop::begin_grid() {
  retire(grid_atlas_);
  say_busy("planning the grid of " + layer_);
  lens_.begin_grid(wall_recipe(), now_.controls.seed);
  try {
    grid_atlas_ = std::make_unique<Atlas>(lens_.grid_atlas());
  } catch (const UserError &) {
    lens_.drop_grid();
    throw;
  }
}

void Workshop::advance_grid() {
  if (!lens_.advance_grid())
    return;
  const std::chrono::duration<double> since = Clock::now() - grid_shown_;
  if (lens_.grid_done() || lens_.state().grid->step == 0 || since.count() > seconds_between_grids)
    show_grid();
}

void Workshop::show_grid() {
  lens_.show_grid(*grid_atlas_);
  grid_shown_ = Clock::now();
}

} // namespace convscope::viewer
