// A mutex that threads get in the order in which they came: one that locks it again and again keeps nobody waiting.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace convscope::vulkan {

class FairMutex { // a BasicLockable
public:
  void lock() {
    std::unique_lock guard(mutex_);
    const std::uint64_t mine = last_++;
    turn_.wait(guard, [&] { return mine == served_; });
  }
  void unlock() {
    {
      const std::lock_guard guard(mutex_);
      ++served_;
    }
    turn_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t last_ = 0, served_ = 0;
};

} // namespace convscope::vulkan
