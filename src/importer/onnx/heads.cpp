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

// What is quantized and dequantized here; else the node itself.
NodeId before_quantization(const Graph &graph, NodeId id) {
  bool rounded = false;
  for (NodeId at = id;;) {
    const Node &node = node_of(graph, at);
    const auto *op = std::get_if<Unary>(&node.op);
    if (op == nullptr ||
        (op->function != Function::linear && op->function != Function::clip && op->function != Function::round))
      return rounded ? at : id;
    rounded = rounded || op->function == Function::round;
    at = node.inputs[0];
  }
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
  Graph &graph = import.graph;
  for (const OnnxOutput &output : import.outputs) {
    if (!is_vector(output))
      continue;
    const Node &last = node_of(graph, before_quantization(graph, output.node));
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
