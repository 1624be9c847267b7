// Which channels are tied to which, by the net's weights alone.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace convscope {

// From a layer to one behind it, without a third one of the list between: strength[b * channels_from + a] is the norm
// of all weights that lead from channel a to channel b. Scales (batch-norms) count into it; ReLUs, pools, paddings,
// resizes and products leave a channel at its place, concatenations and slices move it, a sum passes both sides on.
// Where paths run side by side, or two convolutions lie in a row, the squares of their norms are added or multiplied:
// exact for a depthwise convolution before a pointwise one.
struct Ties {
  NodeId from = -1, to = -1;
  int channels_from = 0, channels_to = 0;
  std::vector<float> strength;
};

// All pairs of `layers` (ascending) that have some, in the order of `to`, then of `from`. `shapes` are
// infer_shapes()'s; those of what can't be had are empty, and nothing is known of what lies before them, nor before ops
// that mix channels without weights.
std::vector<Ties> ties_between(const Graph &graph, const std::vector<Shape> &shapes, const std::vector<NodeId> &layers);

struct Tie {
  NodeId layer = -1;
  int channel = -1;
  float strength = 0;
};
// The `most` strongest of one channel: those that feed it, and those that it feeds; strongest first, of equals the
// lower number.
std::vector<Tie> strongest_before(const std::vector<Ties> &ties, NodeId layer, int channel, std::size_t most);
std::vector<Tie> strongest_behind(const std::vector<Ties> &ties, NodeId layer, int channel, std::size_t most);

} // namespace convscope
