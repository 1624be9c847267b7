#include "session/ceilings.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "plan/plan.h"

namespace convscope {

namespace {

constexpr double long_enough = 0.02; // seconds of a run: what submitting takes is nothing beside it
constexpr int timed_runs = 4;        // of which the fastest counts

double fastest_run(const Plan &plan, int count) {
  const vulkan::Recording recording = plan.record(Variant::usual);
  double fastest = 1e30;
  for (int run = 0; run < count; ++run) {
    const auto start = std::chrono::steady_clock::now();
    recording.run("a probe of the device's speed");
    fastest = std::min(fastest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return fastest;
}

// As often in one run as takes long enough; gives runs a second.
template <typename Make> double rate(const Make &make) {
  for (std::uint32_t times = 1;; times *= 2) {
    const double seconds = fastest_run(make(times), times == 1 ? 2 : timed_runs); // the first one compiles
    if (seconds > long_enough || times >= 1U << 12)
      return times / fastest_run(make(times), timed_runs);
  }
}

double arithmetic(vulkan::Programs &programs) {
  constexpr std::uint32_t groups = 4096, steps = 32;
  constexpr double flops = 2.0 * 16 * 4 * 64 * groups * steps; // probe_arithmetic.comp
  return flops * rate([&](std::uint32_t times) {
           Plan plan(programs, "arithmetic");
           const TensorId data = plan.persistent("data", std::size_t{64} * groups * sizeof(float));
           for (std::uint32_t i = 0; i < times; ++i)
             plan.dispatch("probe", programs.get("probe_arithmetic"), {groups, 1, 1}, steps, {updates(data)}, flops);
           plan.allocate();
           plan.write(data, std::vector<std::byte>(plan.bytes(data)));
           return plan;
         });
}

double bandwidth(vulkan::Programs &programs) {
  const vulkan::DeviceInfo &info = programs.device().info();
  constexpr std::uint32_t steps = 16;
  constexpr std::uint64_t group_bytes = std::uint64_t{64} * 16 * steps, wanted = std::uint64_t{64} << 20;
  // More than a large GPU's caches hold.
  const std::uint64_t bytes = std::min({info.is_cpu() ? wanted : 4 * wanted, info.max_storage_range,
                                        info.max_allocation, std::max(info.memory_bytes / 8, group_bytes)});
  const auto groups = static_cast<std::uint32_t>(bytes / group_bytes);
  return 2.0 * static_cast<double>(groups * group_bytes) * rate([&](std::uint32_t times) {
           Plan plan(programs, "bandwidth");
           const TensorId data = plan.persistent("data", static_cast<std::size_t>(groups * group_bytes));
           plan.fill(data, 0);
           for (std::uint32_t i = 0; i < times; ++i)
             plan.dispatch("probe", programs.get("probe_bandwidth"), {groups, 1, 1}, steps, {updates(data)});
           plan.allocate();
           return plan;
         });
}

} // namespace

Ceilings measure_ceilings(vulkan::Programs &programs) {
  return {arithmetic(programs) * 1e-9, bandwidth(programs) * 1e-9};
}

} // namespace convscope
