// Small graphs with random weights for the tests.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope {

// Appends a node; names that are empty become the node's number.
inline NodeId push(Graph &graph, Op op, std::vector<NodeId> inputs, std::string name = {}) {
  if (name.empty())
    name = "node" + std::to_string(graph.nodes.size());
  Node node;
  node.name = std::move(name);
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  graph.nodes.push_back(std::move(node));
  return static_cast<NodeId>(graph.nodes.size()) - 1;
}

inline Graph graph_with_input(std::string name = "test") {
  Graph graph;
  graph.name = std::move(name);
  push(graph, Input{}, {}, "input");
  return graph;
}

inline Window square_window(int kernel, int stride = 1, int pad = 0, int dilation = 1) {
  return {kernel, kernel, stride, stride, dilation, dilation, {pad, pad, pad, pad}};
}

// Multiples of 1/32, so that sums of products are exact in float32 and a ReLU decides as the reference's does.
inline float coarse(double value) { return static_cast<float>(std::round(value * 32) / 32); }
inline reference::Tensor coarse(reference::Tensor values) {
  for (double &value : values.data)
    value = coarse(value);
  return values;
}

// Random weights of about unit gain.
inline Conv random_conv(int in_c, int out_c, const Window &window, unsigned seed, int groups = 1, bool bias = true) {
  const int taps = in_c / groups * window.kernel_h * window.kernel_w;
  const double range = 1.7 / std::sqrt(static_cast<double>(taps));
  Conv conv{out_c, groups, window, {}, {}};
  conv.weights =
      reference::random_floats(static_cast<std::size_t>(out_c) * static_cast<std::size_t>(taps), seed, -range, range);
  if (bias)
    conv.bias = reference::random_floats(static_cast<std::size_t>(out_c), seed + 1, -0.3, 0.3);
  return conv;
}

inline ConvTranspose random_conv_transpose(int in_c, int out_c, const Window &window, unsigned seed, int groups = 1,
                                           bool bias = true) {
  const int taps = out_c / groups * window.kernel_h * window.kernel_w;
  const double range = 1.7 / std::sqrt(static_cast<double>(in_c * taps) / out_c);
  ConvTranspose conv;
  conv.out_channels = out_c;
  conv.groups = groups;
  conv.window = window;
  conv.weights =
      reference::random_floats(static_cast<std::size_t>(in_c) * static_cast<std::size_t>(taps), seed, -range, range);
  if (bias)
    conv.bias = reference::random_floats(static_cast<std::size_t>(out_c), seed + 1, -0.3, 0.3);
  return conv;
}

inline Dense random_dense(int in_features, int out_features, unsigned seed, bool bias = true) {
  const double range = 1.7 / std::sqrt(static_cast<double>(in_features));
  const auto out = static_cast<std::size_t>(out_features);
  Dense dense{
      out_features, reference::random_floats(out * static_cast<std::size_t>(in_features), seed, -range, range), {}};
  if (bias)
    dense.bias = reference::random_floats(out, seed + 1, -0.3, 0.3);
  return dense;
}

inline ScaleShift random_scale_shift(int channels, unsigned seed) {
  return {reference::random_tensor(1, channels, 1, 1, seed, 0.5, 1.5).data,
          reference::random_tensor(1, channels, 1, 1, seed + 1, -0.4, 0.4).data};
}

} // namespace convscope
