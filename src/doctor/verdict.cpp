// What a diagnosis means, and what to do about it.
#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "doctor/doctor.h"

namespace convscope::doctor {

namespace {

// "a, b, c and 4 more".
std::string list_of(const std::vector<std::string> &names) {
  constexpr std::size_t most = 4;
  if (names.size() <= most + 1)
    return fmt::format("{}", fmt::join(names, "; "));
  const std::vector<std::string> first(names.begin(), names.begin() + most);
  return fmt::format("{}; and {} more", fmt::join(first, "; "), names.size() - most);
}

// "this: a", "these: a; b".
std::string these(const std::vector<std::string> &names) {
  return fmt::format("{}: {}", names.size() == 1 ? "this" : "these", list_of(names));
}

// Whether all that is bad is of that precision alone, or of the Fourier transform.
bool only_of(const std::vector<const CheckResult *> &checks, std::initializer_list<Precision> precisions) {
  return std::all_of(checks.begin(), checks.end(), [&](const CheckResult *check) {
    return check->precision && std::find(precisions.begin(), precisions.end(), *check->precision) != precisions.end();
  });
}

std::string way_round(const std::vector<const CheckResult *> &checks) {
  if (only_of(checks, {Precision::fp16}))
    return "Everything else is right: do without --precision fp16.";
  if (only_of(checks, {Precision::fast, Precision::fp16}))
    return "Everything that --precision fp32 uses is right: work with that.";
  return "Until then choose another device with --device ('convscope devices' lists them), such as a CPU driver.";
}

} // namespace

std::string verdict(const Diagnosis &diagnosis) {
  const std::string &name = diagnosis.device.name;
  std::vector<const CheckResult *> checks;
  std::vector<std::string> wrong, failed, no_room;
  std::set<std::string> kernels;
  for (const CheckResult &check : diagnosis.checks) {
    if (check.outcome == Outcome::right)
      kernels.insert(check.kernels.begin(), check.kernels.end());
    if (check.outcome == Outcome::right || check.outcome == Outcome::not_run)
      continue;
    if (check.no_room) {
      no_room.push_back(check.title());
      continue;
    }
    checks.push_back(&check);
    (check.outcome == Outcome::wrong ? wrong : failed).push_back(check.title());
  }
  const std::string roomless =
      no_room.empty() ? ""
                      : fmt::format("{} has no room for {}. Close other programs that use its memory, and try again.",
                                    name, these(no_room));
  if (checks.empty()) {
    if (diagnosis.lost)
      return fmt::format("{}: the driver lost the device while its speed was measured; what it computed was right. "
                         "Update the driver, and report this with the text above.",
                         name);
    const int right = diagnosis.count(Outcome::right), left = diagnosis.count(Outcome::not_run);
    if (diagnosis.stopped)
      return fmt::format("Stopped: the {} checks that {} had come to by then are right; the rest was not tried.{}",
                         right, name, no_room.empty() ? "" : " " + roomless);
    if (!no_room.empty())
      return fmt::format("{} The other {} checks of {} kernels are right.", roomless, right, kernels.size());
    return fmt::format("{} computes everything right: {} checks of {} kernels{}.", name, right, kernels.size(),
                       left > 0 ? fmt::format("; {} do not apply to it", left) : "");
  }
  std::string text;
  if (!wrong.empty())
    text += fmt::format("{} computes wrong: {}. Do not trust its pictures. ", name, list_of(wrong));
  if (!failed.empty())
    text += fmt::format("{} fails at {}. ", wrong.empty() ? name : "It", these(failed));
  if (diagnosis.lost)
    text += "The driver lost the device there, so that what follows was not tried. ";
  if (!no_room.empty())
    text += roomless + " ";
  return text +
         fmt::format(
             "Update the driver ({} {}) first. {} If the newest driver does it too, report it: paste all of this text "
             "into an issue.",
             diagnosis.device.driver, diagnosis.device.driver_info, way_round(checks));
}

} // namespace convscope::doctor
