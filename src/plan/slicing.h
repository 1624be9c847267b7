// How long runs of a plan are cut into submits: short enough for a watchdog, a compositor or a window's frames on a
// slow device, long enough to keep a fast one busy. Pure arithmetic on what steps do and how long they took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "vulkan/device.h"

namespace convscope {

struct Slicing {
  double flops = std::numeric_limits<double>::infinity(); // slices of about so many operations at the most
  double milliseconds = 0;   // or, where it is not 0, of so much time as it is measured, whatever the device
  std::size_t in_flight = 1; // submits that need not wait for each other
  bool apart = false; // what a driver may compile at its first run, which can take longer than a slice, runs by itself
};

// Where nothing else needs the device: on a CPU all at once; on a GPU so that the longest submit stays under 100 ms, at
// the steps' ends off by what one slice before took.
Slicing whole_slices(const vulkan::DeviceInfo &device);
// Where a window draws beside it: some 25 ms on a CPU of 2026, less on a GPU.
Slicing live_slices(const vulkan::DeviceInfo &device);

// What there is of a step to be cut: `units` workgroups along one axis, `work` of about the time of so many
// floating-point operations.
struct StepSize {
  double work = 0;
  std::uint32_t units = 1;
  bool alone = false; // in a slice of its own
};
// Between two units: `unit` of `step` is the first behind it.
struct Cut {
  std::size_t step = 0;
  std::uint32_t unit = 0;
  bool operator==(const Cut &) const = default;
};

// The end of a slice that begins at `from` and does about `each` at the most: whole steps, or a part of one that is
// longer than that by itself.
Cut next_cut(std::span<const StepSize> steps, Cut from, double each);
// The ends of all slices, in order.
std::vector<Cut> all_cuts(std::span<const StepSize> steps, double each);
double work_between(std::span<const StepSize> steps, Cut from, Cut to);

// The first run of a plan on a device feels its way: each slice has as much work as takes `milliseconds` at the pace of
// the one before, but not far more than that.
inline constexpr double first_work = 0.25e9; // 8 ms of a device that does 30 GFLOP/s
double next_work(double work, double took_ms, double milliseconds);

// Each step's milliseconds from those of the slices that ended at `cuts`: a slice's time belongs to its steps by their
// work. `units` and `alone` as in `steps`, so that all_cuts makes slices by time.
std::vector<StepSize> timed_steps(std::span<const StepSize> steps, std::span<const Cut> cuts,
                                  std::span<const double> milliseconds);

} // namespace convscope
