#include "importer/onnx/heads.h"

#include <algorithm>

#include "importer/heads.h"

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
    id = before_quantization(graph, id);
    const Node &node = node_of(graph, id);
    if (std::holds_alternative<Dense>(node.op) || std::holds_alternative<Conv>(node.op))
      return true;
    const auto *unary = std::get_if<Unary>(&node.op);
    const bool passes = (unary != nullptr && unary->function == Function::linear) ||
                        std::holds_alternative<Identity>(node.op) || std::holds_alternative<Flatten>(node.op) ||
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
  std::vector<NodeId> vectors;
  for (const OnnxOutput &output : import.outputs)
    if (is_vector(output))
      vectors.push_back(output.node);
  find_classifier(import.graph, vectors, import.input, is_classifier);
}

} // namespace convscope::onnx_import
