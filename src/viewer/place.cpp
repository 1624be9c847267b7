#include "viewer/place.h"

#include <algorithm>

namespace convscope::viewer {

namespace {

const LayerRow *row_of(const Snapshot &now, const std::string &layer) {
  const auto found =
      std::find_if(now.layers.begin(), now.layers.end(), [&](const LayerRow &row) { return row.name == layer; });
  return found == now.layers.end() ? nullptr : &*found;
}

int cell(float share, int cells) {
  return std::clamp(static_cast<int>(share * static_cast<float>(cells)), 0, cells - 1);
}

} // namespace

MapSize optimized_map(const Snapshot &now, const std::string &layer, int image_size, int default_size) {
  const LayerRow *const row = row_of(now, layer);
  if (!row || default_size < 1 || row->width < 1 || row->height < 1)
    return {};
  const auto shrunk = [&](int side) { return std::max(1, side * image_size / default_size); };
  return {shrunk(row->width), shrunk(row->height)};
}

void set_place(Unit &unit, Place place, MapSize map) {
  const bool there = place.chosen() && map.width > 0 && map.height > 0;
  unit.x = there ? cell(place.u, map.width) : -1;
  unit.y = there ? cell(place.v, map.height) : -1;
}

} // namespace convscope::viewer
