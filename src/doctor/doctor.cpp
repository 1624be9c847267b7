#include "doctor/doctor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "vulkan/quirks.h"

namespace convscope::doctor {

namespace {

constexpr int timed_size = 128;

} // namespace

int Diagnosis::count(Outcome outcome) const {
  return static_cast<int>(
      std::count_if(checks.begin(), checks.end(), [&](const CheckResult &check) { return check.outcome == outcome; }));
}

bool Diagnosis::all_right() const {
  return !lost && !stopped && count(Outcome::right) > 0 && count(Outcome::wrong) == 0 && count(Outcome::failed) == 0;
}

Examination::Examination(Session &session, bool speed, std::span<const RightValue> right)
    : session_(session), programs_(session.device()), speed_(speed), right_(right),
      checks_(all_checks(session.device().info())) {
  diagnosis_.device = session.device().info();
  for (const vulkan::QuirkRow *row : vulkan::quirks_of(diagnosis_.device))
    diagnosis_.quirks.push_back(fmt::format("{}: {}", row->name, row->change));
}

std::string Examination::next() const {
  if (done_ < checks_.size()) {
    const Check &check = checks_[done_];
    return check.backend.empty() ? check.title() : fmt::format("{} ({})", check.title(), check.backend);
  }
  if (done_ == checks_.size())
    return "the device's ceilings";
  return fmt::format("the speed of {}", nets_.at(done_ - checks_.size() - 1));
}

bool Examination::advance() {
  if (done_ >= parts())
    return false;
  if (done_ < checks_.size()) {
    Check &check = checks_[done_];
    if (diagnosis_.lost)
      check.cannot = "the driver has lost the device";
    if (std::optional<CheckResult> result = run_check(check, programs_, right_)) {
      diagnosis_.lost = diagnosis_.lost || result->lost;
      diagnosis_.checks.push_back(std::move(*result));
    }
  } else if (!diagnosis_.lost) {
    const std::string what = next();
    try {
      if (done_ == checks_.size())
        diagnosis_.ceilings = measure_ceilings(programs_);
      else
        measure_net(nets_.at(done_ - checks_.size() - 1));
    } catch (const std::exception &error) {
      diagnosis_.lost = dynamic_cast<const vulkan::DeviceLost *>(&error) != nullptr;
      diagnosis_.notes.push_back(fmt::format("{}: {}", what, error.what()));
    }
  }
  return ++done_ < parts();
}

void Examination::measure_net(const std::string &model) {
  session_.load({model, "", ""});
  BenchRequest request;
  request.width = request.height = timed_size;
  request.recipe = recipe("lucid");
  request.runs = 3;
  diagnosis_.speed.push_back({model, timed_size, session_.precision(), bench(session_, request)});
}

Diagnosis Examination::finish(bool stopped) {
  diagnosis_.stopped = stopped;
  diagnosis_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return diagnosis_;
}

} // namespace convscope::doctor
