// Where in a picture a unit looks.
#pragma once

#include <string>

#include "viewer/state.h"

namespace convscope::viewer {

struct MapSize {
  int width = 0, height = 0;
  bool operator==(const MapSize &) const = default;
};

// Of a layer's map of an optimized image of that size, or a little less, so that every place in it exists.
// `default_size` is the net's, which the layers' sizes are for.
MapSize optimized_map(const Snapshot &now, const std::string &layer, int image_size, int default_size);

// The unit's x and y there.
void set_place(Unit &unit, Place place, MapSize map);

} // namespace convscope::viewer
