// A diagnosis for people: on a terminal, in the viewer's window, in an issue.
#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "doctor/doctor.h"

namespace convscope::doctor {

namespace {

constexpr std::size_t most_kernels = 14; // listed of a net's step

std::string device_lines(const vulkan::DeviceInfo &d) {
  const auto version = [](std::uint32_t v) {
    return fmt::format("{}.{}.{}", VK_API_VERSION_MAJOR(v), VK_API_VERSION_MINOR(v), VK_API_VERSION_PATCH(v));
  };
  const auto has = [](bool yes, const char *what) { return yes ? std::string(what) : fmt::format("no {}", what); };
  std::string text;
  text += fmt::format("device    {} ({}, {:04x}:{:04x}), {:.1f} GB\n", d.name, d.type, d.vendor_id, d.device_id,
                      static_cast<double>(d.memory_bytes) * 1e-9);
  text += fmt::format("driver    {} {}, Vulkan {}\n", d.driver, d.driver_info, version(d.api_version));
  text += fmt::format("limits    {} MiB a storage buffer, {} buffers, {} texels, {} MiB an allocation\n",
                      d.max_storage_range >> 20, d.max_storage_buffers, d.max_texels, d.max_allocation >> 20);
  text += fmt::format("          {} KiB shared memory, {} invocations, subgroups of {}, push constants {} B\n",
                      d.max_shared_memory >> 10, d.max_invocations, d.subgroup_size, d.max_push_constants);
  text += fmt::format("has       {}, {}, {}, {}, {}, {}\n", has(d.subgroup_shuffle, "shuffles"),
                      has(d.shader_float64, "doubles"), has(d.timestamps, "timestamps"),
                      has(d.storage_16bit, "16-bit storage"), has(d.float16, "fp16"),
                      has(d.cooperative_matrix, "cooperative matrices"));
  return text;
}

std::string check_table(const Diagnosis &diagnosis) {
  std::vector<std::string> groups; // in the order of their first checks
  std::map<std::string, std::map<Outcome, int>> counts;
  std::map<std::string, double> closest; // the largest share of what is allowed, of the right ones
  for (const CheckResult &check : diagnosis.checks) {
    if (counts.find(check.group) == counts.end())
      groups.push_back(check.group);
    ++counts[check.group][check.outcome];
    if (check.outcome == Outcome::right)
      closest[check.group] = std::max(closest[check.group], check.error / check.tolerance);
  }
  std::string text = fmt::format("{:<22}{:>7}{:>7}{:>8}{:>9}{:>22}\n", "checks", "right", "wrong", "failed", "not run",
                                 "of what is allowed");
  for (const std::string &group : groups) {
    std::map<Outcome, int> &of = counts[group];
    text += fmt::format("{:<22}{:>7}{:>7}{:>8}{:>9}{:>20.1f} %\n", group, of[Outcome::right], of[Outcome::wrong],
                        of[Outcome::failed], of[Outcome::not_run], closest[group] * 100);
  }
  return text;
}

std::string bad_lines(const Diagnosis &diagnosis) {
  std::string text;
  for (const CheckResult &check : diagnosis.checks) {
    const std::string title = check.title();
    if (check.outcome == Outcome::wrong)
      text += fmt::format("WRONG     {}: {}: off by {:.1e}, where {:.0e} is allowed{}{}\n", title, check.where,
                          check.error, check.tolerance,
                          check.kernels.empty() ? "" : "\n          kernels: ", fmt::join(check.kernels, ", "));
    else if (check.outcome == Outcome::failed)
      text += fmt::format("FAILED    {}: {}\n", title, check.note);
    else if (check.outcome == Outcome::not_run && !diagnosis.lost)
      text += fmt::format("not run   {}: {}\n", title, check.note);
  }
  return text;
}

// What a kernel would take at the ceilings, of what it takes.
double share_of_ceilings(const ShaderTime &time, const Ceilings &ceilings) {
  const double by_arithmetic = ceilings.gflops > 0 ? time.gflop / ceilings.gflops * 1e3 : 0;
  const double by_memory = ceilings.gb_s > 0 ? time.mb / ceilings.gb_s : 0;
  return std::max(by_arithmetic, by_memory) / time.milliseconds;
}

std::string rate(double amount, double ms) {
  return amount > 0 && ms > 0 ? fmt::format("{:.1f}", amount / ms * 1e3) : std::string();
}

std::string speed_lines(const Diagnosis &diagnosis) {
  if (!diagnosis.ceilings && diagnosis.speed.empty())
    return {};
  std::string text = "\n";
  const Ceilings ceilings = diagnosis.ceilings.value_or(Ceilings{});
  if (diagnosis.ceilings)
    text += fmt::format("ceilings  {:.1f} GFLOP/s of float32, {:.1f} GB/s of memory\n", ceilings.gflops, ceilings.gb_s);
  for (const NetSpeed &net : diagnosis.speed) {
    const BenchResult &t = net.times;
    text += fmt::format("{:<10}{}x{}, {}: forward {:.2f} ms ({} GFLOP/s), step {:.2f} ms ({} GFLOP/s), {:.0f} MB\n",
                        net.model, net.size, net.size, precision_name(net.precision), t.forward_ms,
                        rate(t.forward_gflop, t.forward_ms), t.step_ms, rate(t.step_gflop, t.step_ms), t.peak_mb);
  }
  if (diagnosis.speed.empty())
    return text;
  const NetSpeed &last = diagnosis.speed.back();
  if (!last.times.kernels_timed())
    return text + "kernels   not timed: the device has no timestamps\n";
  text += fmt::format("\n{:<26}{:>10}{:>8}{:>11}{:>9}{:>16}\n", fmt::format("kernels of {}'s step", last.model), "ms",
                      "times", "GFLOP/s", "GB/s", "of the ceiling");
  for (std::size_t i = 0; i < std::min(most_kernels, last.times.shaders.size()); ++i) {
    const ShaderTime &s = last.times.shaders[i];
    const bool known = s.milliseconds > 0 && s.mb > 0;
    text += fmt::format("{:<26}{:>10.3f}{:>8}{:>11}{:>9}{:>16}\n", s.shader, s.milliseconds, s.dispatches,
                        rate(s.gflop, s.milliseconds), rate(s.mb * 1e-3, s.milliseconds),
                        known ? fmt::format("{:.0f} %", share_of_ceilings(s, ceilings) * 100) : "");
  }
  return text;
}

} // namespace

std::string diagnosis_text(const Diagnosis &diagnosis) {
  std::string text = fmt::format("convscope {}, doctor, {:.0f} s\n\n", CONVSCOPE_VERSION, diagnosis.seconds);
  text += device_lines(diagnosis.device);
  text +=
      fmt::format("quirks    {}\n\n",
                  diagnosis.quirks.empty() ? "none" : fmt::format("{}", fmt::join(diagnosis.quirks, "\n          ")));
  text += check_table(diagnosis) + bad_lines(diagnosis) + speed_lines(diagnosis);
  for (const std::string &note : diagnosis.notes)
    text += fmt::format("note      {}\n", note);
  return text + "\n" + verdict(diagnosis) + "\n";
}

} // namespace convscope::doctor
