#include "session/grid_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "session/activation_groups.h"
#include "session/input_size.h"

namespace convscope {

namespace {

constexpr int kept_steps = 64; // whose values are kept

// Of each cell in each group, over the group's largest.
GalleryOptions gallery_of(const GridRequest &request, const std::vector<GridCell> &cells, const std::string &layer) {
  GalleryOptions gallery;
  gallery.at_once = request.at_once;
  gallery.groups = std::clamp(request.groups, 0, groups_at_most(shape_of(request.maps)));
  if (gallery.groups == 0)
    return gallery;
  ActivationGroups groups = group_activations(request.maps, gallery.groups, layer);
  for (ActivationGroup &group : groups.groups) {
    const float largest = *std::max_element(group.map.begin(), group.map.end());
    for (float &value : group.map)
      value = largest > 0 ? value / largest : 0;
  }
  const auto width = static_cast<std::size_t>(groups.width);
  for (const GridCell &cell : cells) {
    const std::size_t at = static_cast<std::size_t>(cell.y) * width + static_cast<std::size_t>(cell.x);
    for (const ActivationGroup &group : groups.groups)
      gallery.shares.push_back(group.map.at(at));
  }
  return gallery;
}

} // namespace

std::vector<double> cell_sides(const std::vector<GridCell> &cells) {
  double largest = 0;
  for (const GridCell &cell : cells)
    largest = std::max(largest, cell.norm);
  std::vector<double> sides;
  for (const GridCell &cell : cells)
    sides.push_back(std::sqrt(cell.norm / largest));
  return sides;
}

Objective direction_objective(NodeId layer, std::vector<float> vector, std::string text) {
  Term term;
  term.kind = TermKind::direction;
  term.layer = layer;
  term.vector = std::move(vector);
  Objective objective;
  objective.canonical = text;
  objective.text = std::move(text);
  objective.terms.push_back(std::move(term));
  return objective;
}

GridRun::GridRun(Session &session, GridRequest request) {
  const std::string &name = session.graph().nodes.at(static_cast<std::size_t>(request.layer)).name;
  const Shape maps = shape_of(request.maps);
  rows_ = maps.h;
  columns_ = maps.w;
  std::vector<Objective> objectives;
  for (int y = 0; y < rows_; ++y)
    for (int x = 0; x < columns_; ++x) {
      std::vector<float> vector = vector_at(request.maps, x, y);
      const double norm = norm_of(vector);
      if (!std::isfinite(norm))
        throw UserError(fmt::format("layer '{}' has activations that are not finite on this photo", name));
      if (norm == 0)
        continue;
      cells_.push_back({x, y, norm});
      objectives.push_back(
          direction_objective(request.layer, std::move(vector), fmt::format("{} at {},{}", name, x, y)));
    }
  if (cells_.empty())
    throw UserError(fmt::format("layer '{}' is zero everywhere on this photo", name));
  OptimizationOptions options = request.options;
  options.height = options.height > 0 ? options.height : request.recipe.size;
  options.width = options.width > 0 ? options.width : request.recipe.size;
  const Size image{options.width, options.height};
  if (!options.input_size.given()) {
    check_image(session.model(), {request.layer}, request.recipe, image);
    options.input_size = input_size_for(session.model(), {request.layer}, request.recipe, image);
  }
  options.graph_at = [&session](Size canvas) -> const Graph & { return session.model().at(canvas); };
  options.precision = session.precision();
  options.profile = session.profile();
  options.steps = steps_ = options.steps > 0 ? options.steps : request.recipe.steps;
  options.history = std::min(steps_, kept_steps);
  options.gallery = gallery_of(request, cells_, name);
  const Graph &graph = session.model().at(net_size(options.input_size, request.recipe, image));
  for (Objective &objective : objectives)
    objective = same_objective(std::move(objective), session.graph(), graph);
  for (;; options.gallery->at_once = (options.gallery->at_once + 1) / 2) {
    try {
      optimization_.emplace(session.programs(), session.weights(), graph, objectives, request.recipe, options);
      if (const std::size_t bytes = optimization_->planned_bytes(); bytes > session.memory_left())
        throw UserError(fmt::format("a grid of {} cells of {}x{} pixels needs {} MiB of device memory, where {} has {} "
                                    "MiB left",
                                    cells_.size(), image.width, image.height, bytes >> 20, session.device().info().name,
                                    session.memory_left() >> 20));
      return;
    } catch (const UserError &) {
      if (options.gallery->at_once == 1)
        throw;
      optimization_.reset();
    }
  }
}

void GridRun::advance(int steps) { optimization_->step(std::min(steps, steps_ - step())); }

double GridRun::value() const {
  double sum = 0;
  const std::vector<Progress> progress = optimization_->progress();
  for (const Progress &place : progress)
    sum += place.values.empty() ? 0 : place.values.back();
  return sum / static_cast<double>(progress.size());
}

std::optional<int> GridRun::stopped() const {
  for (const Progress &place : optimization_->progress())
    if (place.stopped_at >= 0)
      return place.stopped_at;
  return std::nullopt;
}

} // namespace convscope
