#include "viewer/place.h"

#include <algorithm>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"

namespace convscope::viewer {

namespace {

int cell(float share, int cells) {
  return std::clamp(static_cast<int>(share * static_cast<float>(cells)), 0, std::max(cells - 1, 0));
}

Shape shape_at(const Graph &graph, NodeId layer, int side) {
  return infer_shapes(graph, {3, side, side}, layer)[static_cast<std::size_t>(layer)];
}

bool reaches(const Graph &graph, NodeId layer, int side) {
  try {
    shape_at(graph, layer, side);
    return true;
  } catch (const UserError &) {
    return false;
  }
}

} // namespace

int input_size_for(const Graph &graph, NodeId layer, const Recipe &recipe, int size) {
  return !reaches(graph, layer, canvas_side(recipe, size)) && reaches(graph, layer, graph.default_size)
             ? graph.default_size
             : 0;
}

int net_side(const Graph &graph, NodeId layer, const Recipe &recipe, int size) {
  const int resized = input_size_for(graph, layer, recipe, size);
  return resized > 0 ? resized : canvas_side(recipe, size);
}

Unit placed(const Graph &graph, Unit unit, Place place, const Recipe &recipe, int size) {
  if (!place.chosen())
    return unit;
  const NodeId layer = find_layer(graph, unit.layer);
  const Shape map = shape_at(graph, layer, net_side(graph, layer, recipe, size));
  unit.x = cell(place.u, map.w);
  unit.y = cell(place.v, map.h);
  return unit;
}

} // namespace convscope::viewer
