#include "session/tune.h"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "plan/lanes.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/sliced_run.h"

namespace convscope {

namespace {

constexpr int runs = 3;                 // the fastest counts
constexpr double worth_a_change = 0.95; // of the built-in choice's time: less is noise

struct Measured {
  std::vector<std::pair<std::string, gpu::ConvParams>> convolutions;
  std::map<std::string, double> milliseconds; // by label
};

Measured measure(Session &session, const Shape &input, NodeId layer, ConvBackend backend) {
  NetworkOptions options;
  options.input = input;
  options.backward = true;
  options.precision = session.precision();
  options.backend = backend;
  Plan plan(session.programs(), "tune");
  const auto values = static_cast<std::size_t>(input.elements());
  const TensorId in = plan.persistent("input", values * sizeof(float));
  const Graph &graph = session.model().at({input.w, input.h});
  layer = same_node(session.graph(), layer, graph);
  options.targets = {layer};
  Network network(plan, session.weights(), graph, options);
  network.forward(in);
  network.backward({{layer, [&](const GradientTarget &to) { plan.fill(to.tensor, 0); }}});
  if (const std::size_t bytes = plan.planned_bytes(); bytes > session.memory_left())
    throw UserError(fmt::format("--size: needs {} MiB of device memory, where {} has {} MiB left", bytes >> 20,
                                session.device().info().name, session.memory_left() >> 20));
  plan.allocate();
  const std::vector<float> grey(values, 0.5F);
  plan.write(in, std::as_bytes(std::span(grey)));
  SlicedRun all(plan, Variant::usual, whole_slices(session.device().info()), true);
  Measured measured{network.convolutions(), {}};
  for (int run = 0; run <= runs; ++run) {
    all.run("tuning");
    std::map<std::string, double> sums;
    for (const vulkan::Recording::Timing &timing : all.timings())
      sums[timing.label] += timing.milliseconds;
    for (const auto &[label, milliseconds] : sums)
      if (run > 0) { // the first one warms up
        const auto [found, is_new] = measured.milliseconds.emplace(label, milliseconds);
        found->second = std::min(found->second, milliseconds);
      }
  }
  return measured;
}

} // namespace

TuneResult tune(Session &session, int height, int width, NodeId layer) {
  const vulkan::DeviceInfo &info = session.device().info();
  if (!info.timestamps)
    throw UserError(info.name + ": has no timestamps, so that nothing can be tuned");
  std::vector<ConvBackend> candidates =
      info.is_cpu()
          ? std::vector{ConvBackend::broadcast, ConvBackend::gemm, ConvBackend::depthwise, ConvBackend::columns}
          : std::vector{session.precision() == Precision::fp16 ? ConvBackend::shared16 : ConvBackend::shared,
                        ConvBackend::direct};
  if (session.precision() == Precision::fp16 && matrices_fit(info))
    candidates.push_back(ConvBackend::matrix);
  if (session.precision() == Precision::fp16 && halves_fit(info) && !info.is_cpu())
    candidates.push_back(ConvBackend::half);
  if (session.precision() == Precision::fast && !info.is_cpu())
    candidates.push_back(ConvBackend::winograd_fused);
  else if (session.precision() == Precision::fast && transposes_bits(info))
    candidates.insert(candidates.end(), {ConvBackend::winograd2, ConvBackend::winograd4});
  const Shape input = session.graph().input_of({width, height});
  const Measured built_in = measure(session, input, layer, ConvBackend::automatic);
  std::map<std::string, TunedConvolution> best;
  for (const auto &[label, params] : built_in.convolutions)
    best[label] = {label, ConvBackend::automatic, built_in.milliseconds.at(label),
                   built_in.milliseconds.at(label) * worth_a_change};
  for (const ConvBackend candidate : candidates) {
    const Measured other = measure(session, input, layer, candidate);
    for (auto &[label, convolution] : best)
      if (const double milliseconds = other.milliseconds.at(label); milliseconds < convolution.fastest_ms) {
        convolution.fastest = candidate;
        convolution.fastest_ms = milliseconds;
      }
  }
  TuneResult result;
  if (const ConvProfile *before = session.profile())
    result.profile = *before;
  for (const auto &[label, params] : built_in.convolutions)
    result.profile.set(params, session.precision(), best.at(label).fastest);
  for (auto &[label, convolution] : best) {
    if (convolution.fastest == ConvBackend::automatic)
      convolution.fastest_ms = convolution.built_in_ms;
    result.convolutions.push_back(convolution);
  }
  return result;
}

} // namespace convscope
