#include "viewer/place.h"

#include <algorithm>

#include "graph/names.h"
#include "session/input_size.h"

namespace convscope::viewer {

namespace {

int cell(float share, int cells) {
  return std::clamp(static_cast<int>(share * static_cast<float>(cells)), 0, std::max(cells - 1, 0));
}

} // namespace

Unit placed(const Model &model, Unit unit, Place place, const Recipe &recipe, Size image) {
  if (!place.chosen())
    return unit;
  const NodeId layer = find_layer(model.graph, unit.layer);
  const Shape map = shape_at(model, layer, net_size(input_size_for(model, {layer}, recipe, image), recipe, image));
  unit.x = cell(place.u, map.w);
  unit.y = cell(place.v, map.h);
  return unit;
}

} // namespace convscope::viewer
