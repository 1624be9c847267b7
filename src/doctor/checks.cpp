#include "doctor/checks.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "vulkan/buffer.h"

namespace convscope::doctor {

namespace {

std::vector<std::string> shaders_of(const std::vector<std::string> &programs) {
  std::set<std::string> shaders;
  for (const std::string &program : programs)
    shaders.insert(program.substr(0, program.find('[')));
  return {shaders.begin(), shaders.end()};
}

// Keys say "case > output": what follows.
std::string output_of(const std::string &key) {
  const std::size_t at = key.rfind(" > ");
  return at == std::string::npos ? key : key.substr(at + 3);
}

void judge(const Computed &computed, std::span<const RightValue> right, CheckResult &result) {
  result.outcome = Outcome::right;
  for (const Output &output : computed.outputs) {
    const RightValue *const row = find_right_value(right, output.key);
    if (!row)
      throw std::logic_error(fmt::format("no right value of '{}'", output.key));
    const double error = difference(summarize(std::span<const float>(output.values)), row->summary);
    result.error = std::max(result.error, error);
    if (error <= result.tolerance)
      continue;
    result.outcome = Outcome::wrong;
    result.where += (result.where.empty() ? "" : "; ") + output_of(output.key);
  }
}

} // namespace

std::optional<CheckResult> run_check(const Check &check, vulkan::Programs &programs,
                                     std::span<const RightValue> right) {
  CheckResult result{.group = check.group,
                     .name = check.name,
                     .backend = check.backend,
                     .precision = check.precision,
                     .tolerance = check.tolerance};
  if (!check.cannot.empty()) {
    result.note = check.cannot;
    return result;
  }
  try {
    const Computed computed = check.compute(programs);
    if (computed.repeated)
      return std::nullopt;
    result.kernels = shaders_of(computed.kernels);
    judge(computed, right, result);
  } catch (const std::exception &error) {
    result.outcome = Outcome::failed;
    result.note = error.what();
    result.lost = dynamic_cast<const vulkan::DeviceLost *>(&error) != nullptr;
    result.no_room = dynamic_cast<const vulkan::NoRoom *>(&error) != nullptr;
  }
  return result;
}

std::vector<Check> all_checks(const vulkan::DeviceInfo &device) {
  std::vector<Check> all = kernel_checks(device);
  for (std::vector<Check> more : {step_checks(), objective_checks(), net_checks(device)})
    std::move(more.begin(), more.end(), std::back_inserter(all));
  return all;
}

} // namespace convscope::doctor
