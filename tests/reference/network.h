// A whole graph in double, op by op: slow, for toy nets.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "reference/objective.h"
#include "reference/tensor.h"

namespace convscope::reference {

// The outputs, by node, for this preprocessed input (n, c, h, w): of the input, `last` and its ancestors (others stay
// empty), or of every node (-1).
std::vector<Tensor> forward(const Graph &graph, const Tensor &input, NodeId last = -1);
// The gradient at every node up to `target`, from the one at `target`; [0] is the input's. `outputs`: forward's.
// Nodes that do not lead to the target have zeros.
std::vector<Tensor> backward(const Graph &graph, const std::vector<Tensor> &outputs, NodeId target, const Tensor &grad);

struct Ascent {
  std::vector<double> values; // of the objectives, one an image
  Tensor gradient;            // as the input
};
Ascent input_gradient(const Graph &graph, const Tensor &input, NodeId layer, const std::vector<Objective> &objectives);

} // namespace convscope::reference
