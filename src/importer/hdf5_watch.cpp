#include "importer/hdf5_watch.h"

#include <algorithm>
#include <ctime>

namespace convscope {

namespace {

constexpr std::uint64_t slowest = 4000; // bytes in a millisecond, packed and swapped as they may be

Hdf5Watch *current = nullptr;

} // namespace

Hdf5Watch::Hdf5Watch(Milliseconds patience, void (*overdue)()) : patience_(patience), overdue_(overdue) {
  begin(0);
  thread_ = std::thread([this] { run(); });
  current = this;
}

Hdf5Watch::~Hdf5Watch() {
  current = nullptr;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  end_.notify_one();
  thread_.join();
}

void Hdf5Watch::expect(std::uint64_t bytes) {
  if (current != nullptr)
    current->begin(bytes);
}

Hdf5Watch::Milliseconds Hdf5Watch::processor_time() {
  return Milliseconds(static_cast<std::int64_t>(std::clock()) * 1000 / CLOCKS_PER_SEC);
}

void Hdf5Watch::begin(std::uint64_t bytes) {
  const Milliseconds time = patience_ + Milliseconds(bytes / slowest);
  const std::lock_guard lock(mutex_);
  deadline_ = Clock::now() + time;
  processor_deadline_ = processor_time() + time;
}

void Hdf5Watch::run() {
  std::unique_lock lock(mutex_);
  while (!done_) {
    // The deadline moves meanwhile.
    const Clock::time_point next = std::max(deadline_, Clock::now() + patience_ / 10);
    end_.wait_until(lock, next);
    if (!done_ && Clock::now() >= deadline_ && processor_time() >= processor_deadline_) {
      overdue_();
      return;
    }
  }
}

} // namespace convscope
