// Which part of the input a position of a layer depends on: followed back through the graph, op by op.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace convscope {

struct InputBox { // pixels of the net's input, from left and top up to but without right and bottom
  int left = 0, top = 0, right = 0, bottom = 0;
  bool empty() const { return left >= right || top >= bottom; }
  bool operator==(const InputBox &) const = default;
};

// The smallest box that holds all pixels on which a channel of a layer depends at the position (x, y) of its map, or,
// with -1, any of its channels does. Empty where it depends on none, as behind padding alone. What is normalized,
// averaged or multiplied over all of a map depends on all of it. `shapes` are infer_shapes()'s for that size of the
// input.
InputBox receptive_field(const Graph &graph, const std::vector<Shape> &shapes, NodeId layer, int channel, int x, int y);

} // namespace convscope
