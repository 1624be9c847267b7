#include "app/bench_text.h"

#include <optional>

#include <fmt/format.h>

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

// GFLOP/s, where both are known.
std::optional<double> rate(double gflop, double ms) {
  return gflop > 0 && ms > 0 ? std::optional(gflop / ms * 1e3) : std::nullopt;
}

Json rate_json(double gflop, double ms) {
  const std::optional<double> known = rate(gflop, ms);
  return known ? Json(*known) : Json();
}

std::string rate_text(double gflop, double ms, int width) {
  const std::optional<double> known = rate(gflop, ms);
  return known ? fmt::format("{:{}.2f}", *known, width) : std::string(static_cast<std::size_t>(width), ' ');
}

std::string line(const char *what, double ms, double gflop, int dispatches, double mb) {
  return fmt::format("{:<13}{:10.3f} ms  {} GFLOP/s  {:9.3f} GFLOP  {:5} dispatches  {:9.1f} MB\n", what, ms,
                     rate(gflop, ms) ? rate_text(gflop, ms, 9) : "        ?", gflop, dispatches, mb);
}

} // namespace

std::string bench_text(const BenchResult &r) {
  std::string text = line("forward", r.forward_ms, r.forward_gflop, r.forward_dispatches, r.forward_mb);
  text += line("step", r.step_ms, r.step_gflop, r.step_dispatches, r.step_mb);
  text += fmt::format("device memory: {:.1f} MB at the peak, {:.1f} MB of them weights; first image after {:.2f} s\n",
                      r.peak_mb, r.weights_mb, r.first_image_s);
  if (!r.kernels_timed())
    return text + "kernels: the device has no timestamps\n";
  double sum = 0;
  for (const KernelTime &kernel : r.kernels)
    sum += kernel.milliseconds;
  text += fmt::format("outside the net: {:.1f} % of a step's kernels\n", r.outside_net() * 100);
  text += fmt::format("\nkernels of a step{:27}ms      %   GFLOP/s\n", "");
  for (const KernelTime &kernel : r.kernels) {
    std::string row = fmt::format("{:<34}{:12.3f}{:7.1f}{}", kernel.label, kernel.milliseconds,
                                  kernel.milliseconds / sum * 100, rate_text(kernel.gflop, kernel.milliseconds, 10));
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + '\n';
  }
  text += fmt::format("\nthe same by shader{:28}ms      %  dispatches\n", "");
  for (const ShaderTime &time : r.shaders)
    text += fmt::format("{:<34}{:12.3f}{:7.1f}{:12}\n", time.shader, time.milliseconds, time.milliseconds / sum * 100,
                        time.dispatches);
  return text;
}

Json bench_json(const BenchResult &r) {
  Json kernels = Json::array(), shaders = Json::array();
  if (r.kernels_timed()) {
    for (const KernelTime &kernel : r.kernels) {
      kernels.push_back({{"label", kernel.label}, {"ms", kernel.milliseconds}});
      if (kernel.gflop > 0)
        kernels.back()["gflops"] = rate_json(kernel.gflop, kernel.milliseconds);
    }
    for (const ShaderTime &time : r.shaders)
      shaders.push_back({{"shader", time.shader},
                         {"ms", time.milliseconds},
                         {"dispatches", time.dispatches},
                         {"gflops", rate_json(time.gflop, time.milliseconds)},
                         {"gb_s", rate_json(time.mb * 1e-3, time.milliseconds)}});
  }
  return {{"forward_ms", r.forward_ms},
          {"forward_gflop", r.forward_gflop},
          {"forward_gflops", rate_json(r.forward_gflop, r.forward_ms)},
          {"forward_dispatches", r.forward_dispatches},
          {"step_ms", r.step_ms},
          {"step_gflop", r.step_gflop},
          {"step_gflops", rate_json(r.step_gflop, r.step_ms)},
          {"step_dispatches", r.step_dispatches},
          {"weights_mb", r.weights_mb},
          {"forward_traffic_mb", r.forward_mb},
          {"step_traffic_mb", r.step_mb},
          {"planned_device_memory_mb", r.planned_mb},
          {"peak_device_memory_mb", r.peak_mb},
          {"first_image_s", r.first_image_s},
          {"outside_net", r.kernels_timed() ? Json(r.outside_net()) : Json()},
          {"kernels", kernels},
          {"shaders", shaders}};
}

} // namespace convscope
