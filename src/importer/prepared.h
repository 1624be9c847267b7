// How a net's picture is meant, from the arithmetic with which the net itself begins.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "graph/graph.h"

namespace convscope {

// The range of pictures for which a net that begins with x * scale + shift (of each channel, or one for all) is meant:
// "raw01", "raw255" or "tf" (-1..1) as preprocessing.h names them; nothing where neither of the sizes of scale and
// shift tells.
std::optional<std::string> meant_range(std::span<const double> scale, std::span<const double> shift);

struct OwnScaling {
  std::string range; // as above
  std::string text;  // "layer 'rescaling' brings 0..255 to -1..1"
};
// Of a net whose first layers scale and shift the picture, before any that has learned something.
std::optional<OwnScaling> own_scaling(const Graph &graph);

} // namespace convscope
