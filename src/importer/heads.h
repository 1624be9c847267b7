// Which layers are a net's classifier.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace convscope {

// Sets the graph's logits and probabilities from its outputs, for an input of that size. A classifier gives a vector:
// the first one with a softmax or a sigmoid at its end (of which `logits` are the values before, and `probabilities`
// those after, each of its own after a sigmoid; a logarithm of a softmax has `logits` alone), else the first of two or
// more values of which `gives_scores` is true. Leaves both at -1 where there is none.
void find_classifier(Graph &graph, const std::vector<NodeId> &outputs, Shape input,
                     bool (*gives_scores)(const Graph &, NodeId));

// What is quantized and dequantized at this node; else the node itself.
NodeId before_quantization(const Graph &graph, NodeId id);

} // namespace convscope
