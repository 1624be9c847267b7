#include "importer/onnx/heads.h"

#include <algorithm>

namespace convscope::onnx_import {

namespace {

const Node &node_of(const Graph &graph, NodeId id) { return graph.nodes[static_cast<std::size_t>(id)]; }

// (n, classes), or that with a height and a width of one.
bool is_vector(const OnnxOutput &output) {
  const auto classes = std::count_if(output.layout.begin(), output.layout.end(), [](char side) { return side == 'c'; });
  return output.node >= 0 && classes == 1 && output.layout.find_first_of("hw") == std::string::npos;
}

// What gives a value for each class: a Dense layer, or a convolution whose map is then averaged.
bool is_classifier(const Graph &graph, NodeId id) {
  for (;;) {
    const Node &node = node_of(graph, id);
    if (std::holds_alternative<Dense>(node.op) || std::holds_alternative<Conv>(node.op))
      return true;
    const bool passes = std::holds_alternative<Identity>(node.op) || std::holds_alternative<Flatten>(node.op) ||
                        std::holds_alternative<Reshape>(node.op) || std::holds_alternative<ScaleShift>(node.op) ||
                        std::holds_alternative<GlobalAvgPool>(node.op) || std::holds_alternative<AvgPool>(node.op) ||
                        std::holds_alternative<Relu>(node.op);
    if (!passes || node.inputs.empty())
      return false;
    id = node.inputs[0];
  }
}

} // namespace

void find_heads(OnnxImport &import) {
  Graph &graph = import.graph;
  for (const OnnxOutput &output : import.outputs) {
    if (!is_vector(output))
      continue;
    const Node &last = node_of(graph, output.node);
    const auto *softmax = std::get_if<Softmax>(&last.op);
    if (softmax != nullptr && softmax->axis == Axis::c) {
      if (!softmax->log)
        graph.probabilities = output.node;
      graph.logits = last.inputs[0];
      return;
    }
    if (is_classifier(graph, output.node)) {
      graph.logits = output.node;
      return;
    }
  }
}

} // namespace convscope::onnx_import
