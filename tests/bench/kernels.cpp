// convscope-kernels: how fast each back end does each convolution of tests/kernels/conv_cases.h, forward and gradient,
// on the device that CONVSCOPE_DEVICE names (as --device does), and which share of the device's ceilings that is.
// GFLOP/s are those of the convolution's definition, whatever the back end does instead; `percent` is of the ceiling of
// arithmetic, by wall time.
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include <benchmark/benchmark.h>

#include "kernels/conv_cases.h"
#include "plan/plan.h"
#include "reference/tensor.h"

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

constexpr std::uint32_t probe_groups = 4096, probe_steps = 256;
double ceiling_gflops = 0;

vulkan::Recording probe(Plan &plan, const char *shader, std::size_t bytes, double flops) {
  const TensorId data = plan.persistent("data", bytes);
  plan.dispatch(shader, programs().get(shader), {probe_groups, 1, 1}, probe_steps, {updates(data)}, flops);
  plan.allocate();
  plan.write(data, std::vector<std::byte>(bytes));
  return plan.record(Variant::usual);
}

// 16 independent chains of a multiplication and an addition, four wide, a thread.
void arithmetic(benchmark::State &state) {
  Plan plan(programs(), "arithmetic");
  const double flops = 2.0 * 16 * 4 * 64 * probe_groups * probe_steps;
  const vulkan::Recording recording = probe(plan, "probe_arithmetic", std::size_t{1} << 20, flops);
  recording.run("a probe");
  for (auto _ : state) {
    recording.run("a probe");
  }
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

// Reads and writes every vec4 of 64 MiB.
void bandwidth(benchmark::State &state) {
  Plan plan(programs(), "bandwidth");
  const std::size_t bytes = std::size_t{16} * 64 * probe_groups * 16;
  const TensorId data = plan.persistent("data", bytes);
  plan.dispatch("probe", programs().get("probe_bandwidth"), {probe_groups, 1, 1}, std::uint32_t{16}, {updates(data)});
  plan.allocate();
  plan.write(data, std::vector<std::byte>(bytes));
  const vulkan::Recording recording = plan.record(Variant::usual);
  recording.run("a probe");
  for (auto _ : state) {
    recording.run("a probe");
  }
  state.counters["GB/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(bytes), benchmark::Counter::kIsIterationInvariantRate);
}

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
  if (ceiling_gflops > 0)
    state.counters["percent"] =
        benchmark::Counter(gflop * 100 / ceiling_gflops, benchmark::Counter::kIsIterationInvariantRate);
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

void measure_ceiling() {
  Plan plan(programs(), "ceiling");
  const double flops = 2.0 * 16 * 4 * 64 * probe_groups * probe_steps;
  const vulkan::Recording recording = probe(plan, "probe_arithmetic", std::size_t{1} << 20, flops);
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    recording.run("a probe");
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ceiling_gflops = std::max(ceiling_gflops, flops * 1e-9 / seconds);
  }
}

void register_all() {
  benchmark::RegisterBenchmark("Ceiling/Arithmetic", arithmetic)->UseRealTime()->MeasureProcessCPUTime();
  benchmark::RegisterBenchmark("Ceiling/Bandwidth", bandwidth)->UseRealTime()->MeasureProcessCPUTime();
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
  convscope::measure_ceiling();
  convscope::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
