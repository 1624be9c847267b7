#include "viewer/responsiveness.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace convscope::viewer {

namespace {

constexpr std::size_t longest_listed = 5;

bool there(Responsiveness::Clock::time_point time) { return time != Responsiveness::Clock::time_point{}; }

double share_of(std::vector<float> values, double share) {
  if (values.empty())
    return 0;
  const auto at = values.begin() + std::lround(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

} // namespace

void Responsiveness::waits(Clock::time_point now) {
  if (there(taken_))
    owed_ += now - taken_;
}

void Responsiveness::takes(Clock::time_point now) { taken_ = now; }

void Responsiveness::shows(Clock::time_point now) {
  if (!there(began_))
    began_ = now;
  if (there(shown_)) {
    intervals_.push_back(std::chrono::duration<float, std::milli>(now - shown_).count());
    const std::chrono::duration<double, std::milli> wait = owed_ + (now - taken_);
    waits_.push_back({std::chrono::duration<double>(now - began_).count(), wait.count()});
  }
  shown_ = now;
  owed_ = {};
}

Responsiveness::Summary Responsiveness::summary() const {
  Summary s;
  s.frames = static_cast<int>(intervals_.size());
  if (intervals_.empty())
    return s;
  s.seconds = waits_.back().at;
  s.median_ms = share_of(intervals_, 0.5);
  s.slowest_20th_ms = share_of(intervals_, 0.95);
  s.worst_ms = share_of(intervals_, 1);
  std::vector<float> waits;
  for (const Wait &wait : waits_)
    waits.push_back(static_cast<float>(wait.milliseconds));
  s.median_wait_ms = share_of(waits, 0.5);
  s.longest_waits = waits_;
  std::sort(s.longest_waits.begin(), s.longest_waits.end(),
            [](const Wait &a, const Wait &b) { return a.milliseconds > b.milliseconds; });
  s.longest_waits.resize(std::min(s.longest_waits.size(), longest_listed));
  return s;
}

} // namespace convscope::viewer
