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

// A convolution of more taps stays whole: of its gradient a kernel may cut what one channel gives.
constexpr int most_narrowed_taps = 9;

// Leaves of `layer`, and of what is computed for it alone, only channels that `wanted` needs: of a convolution or dense
// layer the block of 32 that has them (so that neighbouring channels share weights), of a Concat the one input. What is
// left, kernels do as they do the whole net: nothing is left out by which others would be fused. Nodes keep their ids;
// what a node's new channels need goes by another Node::variant. Returns the channels that the layer has left, all
// where nothing can be spared. `targets` are the layers that are wanted, `layer` among them; `shapes` infer_shapes()'s,
// of its ancestors at least.
Channels narrow(Graph &graph, const std::vector<NodeId> &targets, NodeId layer, Channels wanted,
                const std::vector<Shape> &shapes);

} // namespace convscope
