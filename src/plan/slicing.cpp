#include "plan/slicing.h"

#include <algorithm>
#include <cmath>

#include "plan/layout.h"

namespace convscope {

Slicing whole_slices(const vulkan::DeviceInfo &device) {
  if (device.is_cpu())
    return {};
  Slicing slicing;
  slicing.milliseconds = 30;
  slicing.in_flight = 2;
  return slicing;
}

Slicing live_slices(const vulkan::DeviceInfo &device) {
  Slicing slicing;
  if (device.is_cpu())
    slicing.flops = 0.35e9;
  else
    slicing.milliseconds = 8;
  slicing.apart = true;
  return slicing;
}

Cut next_cut(std::span<const StepSize> steps, Cut from, double each) {
  double left = each;
  Cut cut = from;
  while (cut.step < steps.size()) {
    const StepSize &step = steps[cut.step];
    const std::uint32_t units = step.units - cut.unit;
    const double work = step.work * units / step.units;
    const bool first = cut == from;
    if (!first && (step.alone || work > left))
      return cut;
    if (work > each) {
      // So many as fit, or fewer, so that the rest is no less.
      const double fit = std::floor(each / step.work * step.units);
      const auto most = static_cast<std::uint32_t>(std::clamp(fit, 1.0, static_cast<double>(units)));
      cut.unit += divide_up(units, divide_up(units, most));
      return cut.unit < step.units ? cut : Cut{cut.step + 1, 0};
    }
    left -= work;
    cut = {cut.step + 1, 0};
    if (step.alone)
      return cut;
  }
  return cut;
}

std::vector<Cut> all_cuts(std::span<const StepSize> steps, double each) {
  std::vector<Cut> cuts;
  for (Cut at; at.step < steps.size(); cuts.push_back(at))
    at = next_cut(steps, at, each);
  return cuts;
}

double work_between(std::span<const StepSize> steps, Cut from, Cut to) {
  double work = 0;
  for (std::size_t i = from.step; i < steps.size() && i <= to.step; ++i) {
    const std::uint32_t first = i == from.step ? from.unit : 0, end = i == to.step ? to.unit : steps[i].units;
    work += steps[i].work * (end - first) / steps[i].units;
  }
  return work;
}

double next_work(double work, double took_ms, double milliseconds) {
  constexpr double growth = 4;
  return work * std::min(growth, milliseconds / std::max(took_ms, 1e-3));
}

std::vector<StepSize> timed_steps(std::span<const StepSize> steps, std::span<const Cut> cuts,
                                  std::span<const double> milliseconds) {
  std::vector<StepSize> timed(steps.begin(), steps.end());
  for (StepSize &step : timed)
    step.work = 0;
  Cut from;
  for (std::size_t slice = 0; slice < cuts.size(); ++slice) {
    const Cut to = cuts[slice];
    const double all = work_between(steps, from, to);
    for (std::size_t i = from.step; i < steps.size() && i <= to.step; ++i) {
      const Cut first = i == from.step ? from : Cut{i, 0}, end = i == to.step ? to : Cut{i + 1, 0};
      if (all > 0)
        timed[i].work += milliseconds[slice] * work_between(steps, first, end) / all;
    }
    from = to;
  }
  return timed;
}

} // namespace convscope
