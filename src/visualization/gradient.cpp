#include "visualization/gradient.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "plan/sliced_run.h"
#include "visualization/objective_steps.h"

namespace convscope {

namespace {

// The rest is infer_shapes()'s to judge.
Shape checked_input(const Array &input) {
  if (input.shape.size() != 4)
    throw UserError(fmt::format("the input has {} dimensions, where (N, C, H, W) are needed", input.shape.size()));
  if (input.shape[0] < 1 || input.shape[1] < 1)
    throw UserError("the input is empty");
  if (!std::all_of(input.data.begin(), input.data.end(), [](float v) { return std::isfinite(v); }))
    throw UserError("the input holds a number that is not finite");
  return {static_cast<int>(input.shape[1]), static_cast<int>(input.shape[2]), static_cast<int>(input.shape[3])};
}

std::vector<std::int64_t> array_shape(std::int64_t batch, const Shape &shape) {
  return {batch, shape.c, shape.h, shape.w};
}

// Too large an input is the user's to mend; that the device refuses is not.
void check_room(Plan &plan, const vulkan::Device &device, const Shape &input) {
  const std::uint64_t left = device.memory_left();
  if (const std::size_t bytes = plan.planned_bytes(); bytes > left)
    throw UserError(
        fmt::format("an input of {}x{} needs {} MiB of device memory, where {} has {} MiB left: a smaller one "
                    "may do",
                    input.w, input.h, bytes >> 20, device.info().name, left >> 20));
}

} // namespace

GradientResult gradient_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                           const Objective &objective, Precision precision) {
  NetworkOptions options;
  options.input = checked_input(input);
  options.targets = layers_of(objective);
  options.backward = true;
  options.exact_decisions = true;
  options.precision = precision;
  std::vector<Shape> shapes(graph.nodes.size());
  for (const NodeId layer : options.targets)
    shapes[std::size_t(layer)] = infer_shapes(graph, options.input, layer)[std::size_t(layer)];
  check_objective(objective, graph, shapes);

  Plan plan(programs, "gradient");
  const auto elements = std::size_t(options.input.elements());
  const TensorId in = plan.persistent("input", elements * sizeof(float));
  const TensorId out = plan.persistent("gradient", elements * sizeof(float));
  ObjectiveSteps steps(plan, {objective}, shapes);
  const TensorId values = plan.persistent("values", std::size_t(steps.parts()) * sizeof(float));
  Network network(plan, weights, graph, options);
  network.forward(in);
  steps.append_values(network);
  plan.copy(steps.partials(), values);
  const TensorId gradient = network.backward(steps.seeds(network));
  plan.set_variant(Variant::both);
  plan.copy(gradient, out);
  check_room(plan, programs.device(), options.input);
  plan.allocate();
  steps.write_terms();
  SlicedRun run(plan, Variant::usual, whole_slices(programs.device().info()));

  // One image after the other: doubles take twice the memory, and how an image decides must not hang on the batch.
  GradientResult result{{}, {input.shape, {}}};
  for (std::size_t first = 0; first < input.data.size(); first += elements) {
    plan.write(in, std::as_bytes(std::span(input.data).subspan(first, elements)));
    run.run(fmt::format("the gradient of {}", objective.text));
    const auto partials = plan.read_all<float>(values);
    result.values.push_back(std::accumulate(partials.begin(), partials.end(), 0.0));
    const auto read = plan.read_all<float>(out);
    result.gradient.data.insert(result.gradient.data.end(), read.begin(), read.end());
  }
  return result;
}

Activations::Activations(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                         const std::vector<NodeId> &layers, Precision precision, const std::optional<Slicing> &slicing)
    : plan_(programs, "activations") {
  NetworkOptions options;
  options.input = checked_input(input);
  batch_ = input.shape[0];
  options.batch = static_cast<int>(batch_);
  options.precision = precision;
  options.targets = layers;
  std::sort(options.targets.begin(), options.targets.end());
  options.targets.erase(std::unique(options.targets.begin(), options.targets.end()), options.targets.end());

  const TensorId in = plan_.persistent("input", input.data.size() * sizeof(float));
  Network network(plan_, weights, graph, options);
  network.forward(in);
  for (const NodeId layer : layers) {
    shapes_.push_back(network.shape(layer));
    const auto bytes = std::size_t(batch_) * std::size_t(shapes_.back().elements()) * sizeof(float);
    outputs_.push_back(plan_.persistent("activations", bytes));
    plan_.copy(network.output(layer), outputs_.back());
  }
  check_room(plan_, programs.device(), options.input);
  plan_.allocate();
  plan_.write(in, std::as_bytes(std::span(input.data)));
  SlicedRun(plan_, Variant::usual, slicing.value_or(whole_slices(programs.device().info())))
      .run(fmt::format("the activations of {}", graph.name));
}

Array Activations::read(std::size_t layer) const {
  return {array_shape(batch_, shape(layer)), plan_.read_all<float>(outputs_.at(layer))};
}

std::vector<Array> activations_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                                  const std::vector<NodeId> &layers, Precision precision) {
  const Activations activations(programs, weights, graph, input, layers, precision);
  std::vector<Array> result;
  for (std::size_t i = 0; i < layers.size(); ++i)
    result.push_back(activations.read(i));
  return result;
}

Array activations_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input, NodeId layer,
                     Precision precision) {
  return activations_of(programs, weights, graph, input, std::vector<NodeId>{layer}, precision).at(0);
}

} // namespace convscope
