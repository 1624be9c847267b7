// What a device is asked to compute, and whether the answer is right.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "doctor/right_values.h"
#include "plan/conv_backend.h"
#include "vulkan/program.h"

namespace convscope::doctor {

struct Output {
  std::string key; // of its right value
  std::vector<float> values;
};
struct Computed {
  std::vector<Output> outputs;
  std::vector<std::string> kernels; // programs' names, in the order in which they ran
  bool repeated = false;            // the same programs as an earlier check of this name: nothing was run
};

struct Check {
  std::string group, name;
  double tolerance = 1e-5;            // of difference()
  std::optional<Precision> precision; // it matters to that one alone; none: to all
  std::string backend = {};           // of a convolution, where one was asked for
  std::string cannot = {};            // why this device is not asked; "" where it is
  std::function<Computed(vulkan::Programs &)> compute;
  std::string title() const { return group + ", " + name; }
};

enum class Outcome { right, wrong, failed, not_run };
constexpr const char *outcome_name(Outcome outcome) {
  constexpr const char *names[] = {"right", "wrong", "failed", "not run"};
  return names[static_cast<int>(outcome)];
}

struct CheckResult {
  std::string group, name, backend = {};
  std::optional<Precision> precision;
  Outcome outcome = Outcome::not_run;
  double error = 0, tolerance = 0;       // the largest difference() of its outputs
  std::string where = {};                // the outputs that are wrong: "gradient, output 2 ..."
  std::string note = {};                 // what the driver said, or why it was not run
  std::vector<std::string> kernels = {}; // shaders, each once
  bool lost = false;                     // the device, in the midst of it
  bool no_room = false;                  // failed because the device's memory is full: no fault of its driver
  std::string title() const { return group + ", " + name + (backend.empty() ? "" : " by " + backend); }
};

// All that this device can be asked. Those of one name, but different back ends, share what they remember: not for
// several threads.
std::vector<Check> all_checks(const vulkan::DeviceInfo &device);
// None where it turns out to run the same programs as one before.
std::optional<CheckResult> run_check(const Check &check, vulkan::Programs &programs, std::span<const RightValue> right);

// Parts of all_checks().
std::vector<Check> kernel_checks(const vulkan::DeviceInfo &device);
std::vector<Check> step_checks();
std::vector<Check> objective_checks();
std::vector<Check> net_checks(const vulkan::DeviceInfo &device);

} // namespace convscope::doctor
