// Feature maps as tiles in magma, with labels that tell their scale.
#pragma once

#include "base/array.h"
#include "figure/grid.h"

#include <string>
#include <string_view>
#include <vector>

namespace convscope {

struct MapRange {
  enum class Mode { own, layer, fixed };
  Mode mode = Mode::own;    // own: 0 to each map's maximum; layer: 0 to the maximum of all the maps shown
  double low = 0, high = 1; // for fixed
};

// "own" (or ""), "layer" or "a,b" with a < b; UserError names the option `--range`.
MapRange parse_map_range(std::string_view text);

// `maps` is (C,H,W) or (1,C,H,W); tiles in the order of `channels`. Labels: "#13" and "max 4.21", or "silent"
// for a map that is zero everywhere.
std::vector<Tile> feature_tiles(const Array &maps, const std::vector<int> &channels, const MapRange &range);
// Three significant digits, no exponent where it can be avoided: "4.21", "0.0312", "1240".
std::string short_number(double value);

} // namespace convscope
