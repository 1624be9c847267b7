// Ends what libhdf5 does not end by itself: on some damage a call goes round in circles (1.10.8: at an object of its
// global heap that has no size).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace convscope {

// For its lifetime, `overdue` is called, on another thread, where a call of the library and what is done until the next
// expect() take longer than `patience`, and as much time of the processor: a slow disk, a busy or a suspended machine
// is not the file's fault. One at a time.
class Hdf5Watch {
public:
  Hdf5Watch(std::chrono::milliseconds patience, void (*overdue)());
  Hdf5Watch(const Hdf5Watch &) = delete;
  Hdf5Watch &operator=(const Hdf5Watch &) = delete;
  ~Hdf5Watch();

  // Patience begins anew, with time to read so many bytes. Nothing where there is no watch.
  static void expect(std::uint64_t bytes = 0);

private:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;
  static Milliseconds processor_time(); // of all threads
  void begin(std::uint64_t bytes);
  void run();

  const Milliseconds patience_;
  void (*const overdue_)();
  std::mutex mutex_; // of what follows
  Clock::time_point deadline_;
  Milliseconds processor_deadline_{};
  bool done_ = false;
  std::condition_variable end_;
  std::thread thread_;
};

} // namespace convscope
