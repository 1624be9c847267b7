// The net that a batch's objectives need: without channels of their layers that none of them reads.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "visualization/objective.h"

namespace convscope {

struct NarrowedNet {
  Graph graph;                     // with the ids of the net that it was made from
  std::vector<int> first_channels; // of each term's layer: which channel of the net its first one is
};

// `objectives` are of `graph`, of one kind (group_into_batches), all that will run on it. A layer is narrowed where
// each of them reads one channel of it: then the gradient of all others is zero, and an image the same, bit for bit,
// whichever channels its company reads.
NarrowedNet narrowed_net(const Graph &graph, const std::vector<Objective> &objectives, Shape input);

} // namespace convscope
