#include "session/bench.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/support.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/sliced_run.h"
#include "session/input_size.h"
#include "visualization/optimization.h"

namespace convscope {

namespace {

constexpr std::size_t most_runs = 50;
constexpr double long_step = 0.1;     // seconds
constexpr double seconds_a_run = 0.2; // more runs than were asked for, as long as these would take no longer

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double median_ms(int fewest, const std::function<void()> &run) {
  const auto least = static_cast<std::size_t>(fewest);
  std::vector<double> times;
  const auto all = std::chrono::steady_clock::now();
  while (times.size() < least || (times.size() < most_runs && seconds_since(all) < seconds_a_run * fewest)) {
    const auto start = std::chrono::steady_clock::now();
    run();
    times.push_back(seconds_since(start) * 1e3);
  }
  return median(times);
}

// What the net gets in the optimization step, and in the forward pass.
struct BenchedNet {
  const Graph &graph;
  Size input_size; // as OptimizationOptions has it
  Shape input;
  NodeId layer;
};

BenchedNet benched_net(const Session &session, const BenchRequest &request, NodeId layer) {
  const Model &model = session.model();
  const Size image{request.width, request.height};
  const Size input_size = input_size_for(model, {layer}, request.recipe, image);
  const Size net = net_size(input_size, request.recipe, image);
  const Graph &graph = model.at(net);
  return {graph, input_size, graph.input_of(net), same_node(model.graph, layer, graph)};
}

void bench_forward(Session &session, const BenchRequest &request, const BenchedNet &net, BenchResult &result) {
  NetworkOptions options;
  options.input = net.input;
  options.batch = request.batch;
  options.precision = session.precision();
  options.profile = session.profile();
  options.targets = {net.layer};
  Plan plan(session.programs(), "forward");
  const auto values = static_cast<std::size_t>(options.input.elements()) * static_cast<std::size_t>(request.batch);
  const TensorId input = plan.persistent("input", values * sizeof(float));
  Network network(plan, session.weights(), net.graph, options);
  network.forward(input);
  plan.allocate();
  const std::vector<float> grey(values, 0.5F);
  plan.write(input, std::as_bytes(std::span(grey)));
  SlicedRun forward(plan, Variant::usual, whole_slices(session.device().info()));
  const auto run = [&] { forward.run("the forward pass"); };
  for (int i = 0; i < (session.device().info().is_cpu() ? 1 : 5); ++i) // a GPU's slices are found by their times
    run();
  result.forward_ms = median_ms(request.runs, run);
  result.forward_gflop = plan.flops() * 1e-9;
  result.forward_dispatches = plan.dispatches();
  result.forward_mb = plan.traffic() * 1e-6;
}

// Kernels are labelled with a node's name, or its gradient's. An inner step, such as the convolution before its
// activation, goes by the layer that it belongs to.
KernelTime described(const Graph &graph, const std::string &label, double milliseconds, double flops) {
  const std::string gradient = label.ends_with(" gradient") ? " gradient" : "";
  const std::string name = label.substr(0, label.size() - gradient.size());
  const auto is_it = [&](const Node &node) { return node.name == name; };
  auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(), is_it);
  if (node == graph.nodes.end())
    return {label, milliseconds, 0, false};
  while (!node->layer && node + 1 != graph.nodes.end())
    ++node;
  return {node->name + gradient, milliseconds, flops * 1e-9, true};
}

// By label and by shader, in milliseconds.
void time_kernels(Optimization &optimization, const Graph &graph, int runs, BenchResult &result) {
  std::map<std::string, std::vector<double>> of_label, of_shader; // a step each
  std::map<std::string, int> dispatches;
  for (int step = 0; step <= runs; ++step) {
    std::map<std::string, double> label_sums, shader_sums;
    dispatches.clear();
    for (const vulkan::Recording::Timing &timing : optimization.timed_step()) {
      const std::string &shader = timing.shader.empty() ? timing.label : timing.shader;
      label_sums[timing.label] += timing.milliseconds;
      shader_sums[shader] += timing.milliseconds;
      ++dispatches[shader];
    }
    if (step == 0) // it warms up
      continue;
    for (const auto &[label, milliseconds] : label_sums)
      of_label[label].push_back(milliseconds);
    for (const auto &[shader, milliseconds] : shader_sums)
      of_shader[shader].push_back(milliseconds);
  }
  const auto cost_of = [](const std::map<std::string, Plan::Cost> &costs, const std::string &name) {
    const auto found = costs.find(name);
    return found == costs.end() ? Plan::Cost{} : found->second;
  };
  const std::map<std::string, Plan::Cost> of_labels = optimization.costs_per_step(Plan::CostsBy::label);
  for (const auto &[label, milliseconds] : of_label)
    result.kernels.push_back(described(graph, label, median(milliseconds), cost_of(of_labels, label).flops));
  const std::map<std::string, Plan::Cost> of_shaders = optimization.costs_per_step();
  for (const auto &[shader, milliseconds] : of_shader) {
    const Plan::Cost its = cost_of(of_shaders, shader);
    result.shaders.push_back({shader, median(milliseconds), dispatches.at(shader), its.flops * 1e-9, its.bytes * 1e-6});
  }
  const auto slower = [](const auto &a, const auto &b) { return a.milliseconds > b.milliseconds; };
  std::sort(result.kernels.begin(), result.kernels.end(), slower);
  std::sort(result.shaders.begin(), result.shaders.end(), slower);
}

void bench_step(Session &session, const BenchRequest &request, const BenchedNet &net, BenchResult &result) {
  const auto start = std::chrono::steady_clock::now();
  const std::string text = fmt::format("{}:{}", result.layer, request.channel);
  OptimizationOptions options;
  options.height = request.height;
  options.width = request.width;
  options.history = 1;
  options.input_size = net.input_size;
  options.graph_at = [&session](Size canvas) -> const Graph & { return session.model().at(canvas); };
  options.precision = session.precision();
  options.profile = session.profile();
  const Objective objective = same_objective(session.objective(text), session.graph(), net.graph);
  Optimization optimization(session.programs(), session.weights(), net.graph,
                            std::vector<Objective>(static_cast<std::size_t>(request.batch), objective), request.recipe,
                            options);
  const std::size_t bytes = optimization.planned_bytes(); // the weights are there already
  result.planned_mb = static_cast<double>(bytes + session.device().memory_used()) * 1e-6;
  result.step_dispatches = optimization.dispatches_per_step();
  result.step_mb = optimization.bytes_per_step() * 1e-6;
  if (request.plan_only)
    return;
  if (bytes > session.memory_left())
    throw UserError(fmt::format("{}x{}, batch {}: needs {} MiB of device memory, where {} has {} MiB left: a smaller "
                                "size or batch would fit",
                                request.width, request.height, request.batch, bytes >> 20, session.device().info().name,
                                session.memory_left() >> 20));
  optimization.step();
  optimization.images();
  result.first_image_s = seconds_since(start);
  // Past the steps that also revive dead units.
  const int reviving = request.recipe.revive_steps + 1;
  const auto revives = std::chrono::steady_clock::now();
  optimization.step(reviving);
  // A GPU gets the next step while it does one, as it does where steps are many; of long ones it gains nothing.
  const bool one_by_one = session.device().info().is_cpu() || seconds_since(revives) > long_step * reviving;
  const int together = one_by_one ? 1 : 8;
  result.step_ms = median_ms(request.runs, [&] { optimization.step(together); }) / together;
  result.step_gflop = optimization.flops_per_step() * 1e-9;
  if (session.device().info().timestamps)
    time_kernels(optimization, net.graph, request.runs, result);
}

} // namespace

bool BenchResult::kernels_timed() const {
  return std::any_of(kernels.begin(), kernels.end(), [](const KernelTime &kernel) { return kernel.milliseconds > 0; });
}

double BenchResult::outside_net() const {
  double all = 0, outside = 0;
  for (const KernelTime &kernel : kernels) {
    all += kernel.milliseconds;
    outside += kernel.of_net ? 0 : kernel.milliseconds;
  }
  return all > 0 ? outside / all : 0;
}

NodeId deepest_convolution(const Graph &graph) {
  const std::vector<bool> runs = runnable_nodes(graph);
  for (auto id = static_cast<NodeId>(graph.nodes.size()) - 1; id > 0; --id) {
    const Node *node = &graph.nodes[static_cast<std::size_t>(id)];
    if (!node->layer || node->inputs.empty() || !runs[static_cast<std::size_t>(id)])
      continue;
    if (const Node &inner = graph.nodes[static_cast<std::size_t>(node->inputs.at(0))]; !inner.layer)
      node = &inner;
    if (std::holds_alternative<Conv>(node->op))
      return id;
  }
  throw UserError(fmt::format("{} has no convolution: choose a --layer", graph.name));
}

BenchResult bench(Session &session, const BenchRequest &request) {
  const NodeId layer = request.layer >= 0 ? request.layer : deepest_convolution(session.graph());
  BenchResult result;
  result.layer = session.graph().nodes[static_cast<std::size_t>(layer)].name;
  const BenchedNet net = benched_net(session, request, layer);
  bench_step(session, request, net, result);
  if (request.plan_only)
    return result;
  bench_forward(session, request, net, result);
  result.weights_mb = static_cast<double>(session.device().memory_used()) * 1e-6; // the plans are gone
  result.peak_mb = static_cast<double>(session.device().memory_peak()) * 1e-6;
  return result;
}

} // namespace convscope
