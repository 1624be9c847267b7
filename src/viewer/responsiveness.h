// How live the window is: the time from frame to frame, and how long an input waited at the most for its frame.
#pragma once

#include <chrono>
#include <vector>

namespace convscope::viewer {

// Told when the window begins to wait for events, when it takes them, and when the frame that answers them is shown.
// The longest wait is not that of inputs that happened to come: it is what one would have waited that came at the
// worst moment, right after the window had last looked. While the window waits for events it sees them at once.
class Responsiveness {
public:
  using Clock = std::chrono::steady_clock;

  void waits(Clock::time_point now);
  void takes(Clock::time_point now);
  void shows(Clock::time_point now);
  // Nothing is drawn (a minimised window): what comes next is no frame after the last one.
  void rests() {
    taken_ = shown_ = {};
    owed_ = {};
  }

  struct Wait {
    double at = 0, milliseconds = 0; // seconds since the first frame
  };
  struct Summary {
    int frames = 0;
    double seconds = 0;                                      // from the first to the last
    double median_ms = 0, slowest_20th_ms = 0, worst_ms = 0; // from frame to frame
    double median_wait_ms = 0;
    std::vector<Wait> longest_waits; // of an input, the longest first
  };
  Summary summary() const;

private:
  std::vector<float> intervals_; // milliseconds
  std::vector<Wait> waits_;
  Clock::time_point began_{}, taken_{}, shown_{}; // none so far where they are the epoch
  std::chrono::duration<double> owed_{};          // of inputs that came before the last look and have no frame yet
};

} // namespace convscope::viewer
