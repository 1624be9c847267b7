#include "doctor/kernel_cases.h"

#include <cmath>
#include <utility>

#include "doctor/noise.h"

namespace convscope::doctor {

std::vector<float> KernelCase::seed(NodeId target, const Shape &shape) const {
  return coarse_noise(floats(shape, options.batch), 100 + static_cast<unsigned>(target));
}

NodeId push(Graph &graph, Op op, std::vector<NodeId> inputs, std::string name) {
  Node node;
  node.name = std::move(name);
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  graph.nodes.push_back(std::move(node));
  return static_cast<NodeId>(graph.nodes.size()) - 1;
}

KernelCase make_case(std::string group, std::string name, const Shape &input, int batch, std::vector<float> values) {
  KernelCase made;
  made.group = std::move(group);
  made.name = std::move(name);
  made.graph.name = made.title(); // what weights go by
  made.options.input = made.graph.input = input;
  made.options.batch = batch;
  made.options.backward = true;
  made.input = std::move(values);
  push(made.graph, Input{}, {}, "input");
  return made;
}

Window square_window(int kernel, int stride, int pad, int dilation) {
  return {kernel, kernel, stride, stride, dilation, dilation, {pad, pad, pad, pad}};
}

Conv coarse_conv(int in_c, int out_c, const Window &window, unsigned seed, int groups, bool bias) {
  const int taps = in_c / groups * window.kernel_h * window.kernel_w;
  const double range = std::max(1.7 / std::sqrt(static_cast<double>(taps)), 1.0 / 16);
  Conv conv{out_c, groups, window, {}, {}};
  conv.weights = coarse_noise(static_cast<std::size_t>(out_c) * static_cast<std::size_t>(taps), seed, -range, range);
  if (bias) {
    std::vector<float> values = coarse_noise(static_cast<std::size_t>(out_c), seed + 1, -0.3, 0.3);
    for (float &value : values)
      value += 1.0F / 2048;
    conv.bias = std::move(values);
  }
  return conv;
}

std::vector<KernelCase> all_kernel_cases() {
  std::vector<KernelCase> all = convolution_cases();
  for (const std::vector<KernelCase> &more : {op_cases(), exact_cases(), std::vector{revive_case()}})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

} // namespace convscope::doctor
