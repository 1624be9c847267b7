// A net without the channels of a layer that nobody asks for.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace convscope {

struct Channels { // in a row
  int first = 0, count = 0;
  int end() const { return first + count; }
  bool operator==(const Channels &) const = default;
};

// Leaves of `layer`, and of what is computed for it alone, only channels that `wanted` needs: of convolutions and dense
// layers the blocks of channels around them (so that objectives of neighbouring channels share weights), of a Concat
// the one input that has them. Other nodes and their ids stay as they are; what the layer's new channels need is new as
// Node::variant says. Returns the channels that the layer has left, all where nothing can be spared. `targets` are the
// layers that are wanted, `layer` among them; `shapes` infer_shapes()'s, of its ancestors at least.
Channels narrow(Graph &graph, const std::vector<NodeId> &targets, NodeId layer, Channels wanted,
                const std::vector<Shape> &shapes);

} // namespace convscope
