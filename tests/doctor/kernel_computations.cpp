#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "computations.h"
#include "doctor/kernel_cases.h"
#include "doctor/net_cases.h"
#include "doctor/right_values.h"
#include "graph/names.h"
#include "importer/model.h"
#include "reference/conv.h"
#include "reference/network.h"

namespace convscope::doctor {

namespace {

using reference::Tensor;

Tensor input_of(const KernelCase &of) {
  const Shape &shape = of.options.input;
  return reference::from_floats(of.input, of.options.batch, shape.c, shape.h, shape.w);
}

Tensor seed_of(const KernelCase &of, NodeId target, const Tensor &output) {
  return reference::from_floats(of.seed(target, {output.c, output.h, output.w}), output.n, output.c, output.h,
                                output.w);
}

// Of image 0, whose ReLU is closed, what would open it passes; of image 1 the usual.
Tensor revived(const KernelCase &of, const std::vector<Tensor> &outputs) {
  const NodeId relu = of.options.targets.at(0);
  const Tensor &open = outputs.at(static_cast<std::size_t>(relu));
  Tensor passed = seed_of(of, relu, open);
  for (std::size_t i = 0; i < passed.data.size(); ++i)
    if (i < passed.data.size() / 2)
      passed.data[i] = std::max(passed.data[i], 0.0);
    else if (open.data[i] <= 0)
      passed.data[i] = 0;
  return reference::conv_gradient(passed, std::get<Conv>(of.graph.nodes.at(1).op), of.options.input.h,
                                  of.options.input.w);
}

Tensor gradient_of_case(const KernelCase &of, const std::vector<Tensor> &outputs) {
  if (of.variant == Variant::revive)
    return revived(of, outputs);
  Tensor gradient(outputs[0].n, outputs[0].c, outputs[0].h, outputs[0].w);
  for (const NodeId target : of.options.targets) {
    const Tensor seed = seed_of(of, target, outputs.at(static_cast<std::size_t>(target)));
    const Tensor part = reference::backward(of.graph, outputs, target, seed).at(0);
    for (std::size_t i = 0; i < gradient.data.size(); ++i)
      gradient.data[i] += part.data.at(i);
  }
  return gradient;
}

} // namespace

std::vector<Computation> kernel_computations() {
  std::vector<Computation> all;
  for (const KernelCase &of : all_kernel_cases()) {
    const std::vector<Tensor> outputs = reference::forward(of.graph, input_of(of));
    for (const NodeId target : of.options.targets)
      all.push_back({of.output_key(target), outputs.at(static_cast<std::size_t>(target))});
    all.push_back({of.gradient_key(), gradient_of_case(of, outputs)});
  }
  return all;
}

std::vector<std::string> close_decisions() {
  std::vector<std::string> close;
  for (const KernelCase &of : all_kernel_cases()) {
    const std::vector<Tensor> outputs = reference::forward(of.graph, input_of(of));
    for (const Node &node : of.graph.nodes) {
      const auto *const relu = std::get_if<Relu>(&node.op);
      if (!relu || node.inputs.at(0) == 0) // the input is what it is
        continue;
      const Tensor &decided = outputs.at(static_cast<std::size_t>(node.inputs[0]));
      const Op &op = of.node(node.inputs[0]).op;
      const bool sums = std::holds_alternative<Conv>(op) || std::holds_alternative<ConvTranspose>(op) ||
                        std::holds_alternative<Dense>(op) || std::holds_alternative<Normalize>(op);
      double largest = 0, nearest = INFINITY;
      for (const double value : decided.data) {
        largest = std::max(largest, std::abs(value));
        if (value != 0 || sums) // what is 0 without sums is so on every device
          nearest = std::min({nearest, std::abs(value), std::abs(value - double(relu->ceiling))});
      }
      if (nearest < 1e-5 * largest)
        close.push_back(fmt::format("{} > {}: {}", of.title(), node.name, nearest));
    }
  }
  return close;
}

std::vector<Computation> net_computations() {
  const Model model = load_model({NetCase::model, "", ""});
  const Graph &graph = model.at({NetCase::side, NetCase::side});
  const Tensor input = reference::from_floats(NetCase::input().data, 1, 3, NetCase::side, NetCase::side);
  const NodeId last = find_layer(graph, NetCase::layers().back());
  const std::vector<Tensor> outputs = reference::forward(graph, input, last);
  std::vector<Computation> all;
  for (const std::string &name : NetCase::layers())
    all.push_back({NetCase::key(name), outputs.at(static_cast<std::size_t>(find_layer(graph, name)))});
  const reference::Ascent ascent =
      reference::input_gradient(graph, input, last, {{reference::Objective::Kind::MeanSquare, 0, 0, 0}});
  all.push_back({NetCase::key("gradient"), ascent.gradient});
  all.push_back({NetCase::key("value"), Tensor(1, 1, 1, 1, ascent.values.at(0))});
  return all;
}

} // namespace convscope::doctor
