#include "kernels/device_network.h"

#include <span>

#include <gtest/gtest.h>

#include "graph/shapes.h"
#include "kernels/device.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"
#include "plan/layout.h"
#include "reference/elementwise.h"
#include "reference/network.h"

namespace convscope {

using reference::Tensor;

DeviceNetwork::DeviceNetwork(Weights &weights, const Graph &graph, const NetworkOptions &options)
    : options_(options), plan_(test_programs(), graph.name), network_(plan_, weights, graph, options) {
  const auto bytes = [&](const Shape &shape) {
    return static_cast<std::size_t>(shape.elements()) * static_cast<std::size_t>(options.batch) * sizeof(float);
  };
  input_ = plan_.persistent("input", bytes(options.input));
  network_.forward(input_);
  for (NodeId target : options.targets) {
    outputs_.push_back(plan_.persistent("output", bytes(network_.shape(target))));
    plan_.copy(network_.output(target), outputs_.back());
  }
  if (!options.backward) {
    plan_.allocate();
    return;
  }

  std::vector<Network::Seed> seeds;
  for (NodeId target : options.targets) {
    const Shape &shape = network_.shape(target);
    const TensorId seed = plan_.persistent("seed", bytes(shape));
    seeds_.push_back(seed);
    const gpu::MapParams params{options.batch, shape.c, shape.h * shape.w};
    const auto groups =
        spread_groups(std::int64_t{params.batch} * mask_blocks(params.channels) * divide_up(params.pixels, 4));
    seeds.emplace_back(target, [=, this](const GradientTarget &to) {
      plan_.dispatch(
          "seed", test_programs().get("scale_grad", {to.epilogue(), 0U, 0U}), groups, params,
          {reads(seed), reads(seed), to.accumulate ? updates(to.tensor) : writes(to.tensor), reads(to.mask_or(seed))});
    });
  }
  const TensorId gradient = network_.backward(seeds);
  gradient_ = plan_.persistent("gradient", bytes(options.input));
  plan_.copy(gradient, gradient_);
  plan_.allocate();
}

void DeviceNetwork::run(const Tensor &input, const std::vector<Tensor> &seeds, Variant variant) {
  const auto write = [&](TensorId id, const Tensor &values) {
    const std::vector<float> floats = reference::to_floats(values);
    plan_.write(id, std::as_bytes(std::span(floats)));
  };
  write(input_, input);
  for (std::size_t i = 0; i < seeds_.size(); ++i)
    write(seeds_[i], seeds.at(i));
  plan_.record(variant).run("a test");
}

Tensor DeviceNetwork::read(TensorId id, const Shape &shape) const {
  return reference::from_floats(plan_.read_all<float>(id), options_.batch, shape.c, shape.h, shape.w);
}

Tensor DeviceNetwork::output(std::size_t target) const {
  return read(outputs_.at(target), network_.shape(options_.targets.at(target)));
}

Tensor DeviceNetwork::gradient() const { return read(gradient_, options_.input); }

std::vector<Tensor> random_seeds(const Graph &graph, const NetworkOptions &options) {
  std::vector<Tensor> seeds;
  for (NodeId target : options.targets) {
    const Shape shape = infer_shapes(graph, options.input, target).at(static_cast<std::size_t>(target));
    seeds.push_back(reference::random_tensor(options.batch, shape.c, shape.h, shape.w, 100U + unsigned(target)));
  }
  return seeds;
}

void expect_like_reference(const Graph &graph, const Tensor &input, NetworkOptions options, double tolerance) {
  options.input = {input.c, input.h, input.w};
  options.batch = input.n;
  options.backward = true;
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, options);
  const std::vector<Tensor> seeds = random_seeds(graph, options);
  net.run(input, seeds);
  Tensor gradient(input.n, input.c, input.h, input.w);
  for (std::size_t i = 0; i < options.targets.size(); ++i) {
    const NodeId target = options.targets[i];
    SCOPED_TRACE("layer " + graph.nodes[static_cast<std::size_t>(target)].name);
    const std::vector<Tensor> outputs = reference::forward(graph, input, target);
    expect_close(net.output(i), outputs[static_cast<std::size_t>(target)], tolerance);
    gradient = reference::add(gradient, reference::backward(graph, outputs, target, seeds[i])[0]);
  }
  SCOPED_TRACE("gradient");
  expect_close(net.gradient(), gradient, tolerance);
}

void check_op(const Op &op, const Tensor &input, NetworkOptions options) {
  {
    SCOPED_TRACE("alone");
    Graph graph = graph_with_input();
    options.targets = {push(graph, op, {0})};
    expect_like_reference(graph, input, options);
  }
  {
    SCOPED_TRACE("between ReLUs");
    Graph graph = graph_with_input();
    const NodeId x = push(graph, Relu{}, {0});
    const NodeId y = push(graph, op, {x});
    options.targets = {x, push(graph, Relu{}, {y})};
    expect_like_reference(graph, input, options);
  }
}

} // namespace convscope
