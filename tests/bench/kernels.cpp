// convscope-kernels: how fast each back end does each convolution of tests/kernels/conv_cases.h, forward and gradient,
// on the device that CONVSCOPE_DEVICE names (as --device does), and which share of the device's ceilings that is.
// GFLOP/s are those of the convolution's definition, whatever the back end does instead; `percent` is of the ceiling of
// arithmetic, by wall time.
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "kernels/conv_cases.h"
#include "plan/plan.h"
#include "reference/tensor.h"
#include "session/ceilings.h"

namespace convscope {
namespace {

vulkan::Programs &programs() {
  static const vulkan::Device device([] {
    vulkan::DeviceOptions options;
    if (const char *select = std::getenv("CONVSCOPE_DEVICE"))
      options.select = select;
    return options;
  }());
  static vulkan::Programs programs(device);
  return programs;
}

Ceilings ceilings;

// The convolution alone, or its input gradient alone.
struct Runnable {
  Weights weights{programs().device()};
  std::optional<Plan> plan;
  std::optional<vulkan::Recording> recording;
};

std::unique_ptr<Runnable> prepare(const ConvCase &shape, ConvBackend backend, bool gradient) {
  auto made = std::make_unique<Runnable>();
  Graph graph = graph_with_input();
  NetworkOptions options;
  options.targets = {push(graph, random_conv(shape.in_c, shape.out_c, shape.window, 1, shape.groups), {0})};
  options.input = {shape.in_c, shape.h, shape.w};
  options.batch = shape.batch;
  options.backend = backend;
  options.backward = gradient;
  Plan &plan = made->plan.emplace(programs(), shape.name);
  Network network(plan, made->weights, graph, options);
  const auto bytes = [&](const Shape &s) {
    return static_cast<std::size_t>(s.elements()) * static_cast<std::size_t>(shape.batch) * sizeof(float);
  };
  const TensorId input = plan.persistent("input", bytes(options.input));
  plan.set_variant(gradient ? Variant::revive : Variant::usual); // what is not to be measured is not recorded
  network.forward(input);
  if (gradient) {
    plan.set_variant(Variant::usual);
    network.backward({{options.targets[0], [&](const GradientTarget &to) { plan.fill(to.tensor, 0x3f000000); }}});
  }
  plan.allocate();
  std::vector<float> values = reference::random_floats(plan.bytes(input) / sizeof(float), 5, -1, 1);
  plan.write(input, std::as_bytes(std::span(values)));
  made->recording = plan.record(Variant::usual);
  return made;
}

void convolution(benchmark::State &state, const ConvCase &shape, ConvBackend backend, bool gradient) {
  const auto runnable = prepare(shape, backend, gradient);
  runnable->recording->run(shape.name);
  for (auto _ : state)
    runnable->recording->run(shape.name);
  const double gflop = runnable->plan->flops(Variant::usual) * 1e-9;
  state.counters["GFLOP/s"] = benchmark::Counter(gflop, benchmark::Counter::kIsIterationInvariantRate);
  if (ceilings.gflops > 0)
    state.counters["percent"] =
        benchmark::Counter(gflop * 100 / ceilings.gflops, benchmark::Counter::kIsIterationInvariantRate);
}

bool applies(const ConvCase &shape, ConvBackend backend) {
  const Window &w = shape.window;
  if (backend == ConvBackend::gemm)
    return w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1;
  if (backend == ConvBackend::depthwise)
    return shape.groups == shape.in_c;
  if (backend == ConvBackend::winograd2 || backend == ConvBackend::winograd4 || backend == ConvBackend::winograd_fused)
    return shape.groups == 1 && w.kernel_w == w.kernel_h && w.stride_h == 1 && w.stride_w == 1 && w.dilation_h == 1 &&
           w.dilation_w == 1 && (w.kernel_h == 3 || (w.kernel_h == 5 && backend == ConvBackend::winograd4));
  return true;
}

void register_all() {
  std::vector<ConvCase> cases = convolutions_of_nets();
  const std::vector<ConvCase> odd = odd_convolutions();
  cases.insert(cases.end(), odd.begin(), odd.end());
  for (const ConvCase &shape : cases)
    for (const bool gradient : {false, true})
      for (const ConvBackend backend : all_backends())
        if (applies(shape, backend))
          benchmark::RegisterBenchmark(
              (shape.name + (gradient ? "/Gradient/" : "/Forward/") + std::string(backend_name(backend))).c_str(),
              convolution, shape, backend, gradient)
              ->UseRealTime()
              ->MeasureProcessCPUTime()
              ->Unit(benchmark::kMillisecond);
}

} // namespace
} // namespace convscope

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  convscope::ceilings = convscope::measure_ceilings(convscope::programs());
  fmt::print("ceilings: {:.1f} GFLOP/s, {:.1f} GB/s\n", convscope::ceilings.gflops, convscope::ceilings.gb_s);
  convscope::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
