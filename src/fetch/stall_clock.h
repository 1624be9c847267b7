// How long a server has sent next to nothing, as the program itself saw it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace convscope {

// Told the time and the bytes so far about once a second. A gap between two calls counts for most_counted at most: in a
// longer one the program, not the server, stood still (a laptop that slept, a virtual machine that was paused), and
// what the server sent meanwhile is still to be read. libcurl's own meter counts such a gap whole.
class StallClock {
public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds most_counted{2};
  static constexpr std::uint64_t slowest = 100; // bytes a second

  StallClock(int stall_seconds, Time now)
      : limit_(stall_seconds), enough_(slowest * static_cast<std::uint64_t>(stall_seconds)), last_(now) {}

  // Whether less than `slowest` has come, on average, over the last stall_seconds that count.
  bool stalled(Time now, std::uint64_t bytes) {
    waited_ += std::clamp<Time::duration>(now - last_, Time::duration::zero(), most_counted);
    last_ = now;
    if (bytes - mark_ >= enough_) {
      mark_ = bytes;
      waited_ = Time::duration::zero();
    }
    return waited_ >= limit_;
  }

private:
  std::chrono::seconds limit_;
  std::uint64_t enough_;
  Time last_;
  std::uint64_t mark_ = 0; // bytes at the last time that enough had come
  Time::duration waited_{0};
};

} // namespace convscope
