// Whether this device computes everything right, and how fast: what `convscope doctor` and the viewer's Help tell.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "doctor/checks.h"
#include "session/bench.h"
#include "session/ceilings.h"
#include "session/session.h"

namespace convscope::doctor {

struct NetSpeed {
  std::string model;
  int size = 0;
  Precision precision = Precision::fp32;
  BenchResult times;
};

struct Diagnosis {
  vulkan::DeviceInfo device;
  std::vector<std::string> quirks; // in use: what is done otherwise on this driver
  std::vector<CheckResult> checks;
  bool lost = false;    // the device, on the way: what came after was not run
  bool stopped = false; // by the user
  std::optional<Ceilings> ceilings;
  std::vector<NetSpeed> speed;
  std::vector<std::string> notes; // what could not be measured, and why
  double seconds = 0;

  int count(Outcome outcome) const;
  bool all_right() const; // nothing wrong, nothing failed, and all was asked
};

// What is asked for, piece by piece, so that a window's frames get through in between.
class Examination {
public:
  // The kernels, and AlexNet; then, with `speed`, the device's ceilings and the embedded nets, which the session loads.
  // `right`: other than the program's, for tests. Opens the device.
  Examination(Session &session, bool speed, std::span<const RightValue> right = right_values());

  std::size_t parts() const { return checks_.size() + (speed_ ? 1 + nets_.size() : 0); }
  std::size_t done() const { return done_; }
  std::string next() const; // what advance() does: for a progress line
  // False after the last part. What fails is written down; only vulkan::Interrupted passes.
  bool advance();
  // For as far as it came; `stopped`: by the user.
  Diagnosis finish(bool stopped = false);

private:
  void measure_net(const std::string &model);

  Session &session_;
  vulkan::Programs programs_; // its own: they go when it goes
  bool speed_;
  std::span<const RightValue> right_;
  std::vector<Check> checks_;
  std::vector<std::string> nets_{"alexnet", "vgg16"};
  std::size_t done_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Diagnosis diagnosis_;
};

// In words: whether the device can be trusted, and what to do where it can't.
std::string verdict(const Diagnosis &diagnosis);
// Device, driver, limits, quirks, results, speed, verdict: for a terminal, or to be pasted into an issue.
std::string diagnosis_text(const Diagnosis &diagnosis);

} // namespace convscope::doctor
