// Whose turn it is on the one queue. A frame goes between two runs of commands that compute, not behind one: while it
// waits, the thread that draws can look after the user's input, which no driver's wait allows.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace convscope::vulkan {

class Turns { // a BasicLockable
public:
  // Held around commands that compute, from submitting them to their end. Waits for a frame that was asked for.
  void lock() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !frame_; });
    ++running_;
  }
  bool try_lock() { // false where a frame was asked for
    const std::lock_guard lock(mutex_);
    if (!frame_)
      ++running_;
    return !frame_;
  }
  void unlock() {
    change([&] { --running_; });
  }
  // Asks for a frame's turn, and waits for it, but no longer than that. False: ask again, or end_frame().
  bool begin_frame(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    frame_ = true;
    return changed_.wait_for(lock, patience, [&] { return running_ == 0; });
  }
  void end_frame() {
    change([&] { frame_ = false; });
  }

private:
  template <typename Change> void change(const Change &make) {
    {
      const std::lock_guard lock(mutex_);
      make();
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int running_ = 0;
  bool frame_ = false;
};

} // namespace convscope::vulkan
