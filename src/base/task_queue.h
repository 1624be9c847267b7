// Tasks that a few threads do in the order in which they came, while the caller goes on.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace convscope {

// Threads start with the first tasks. The destructor waits for tasks that have begun and drops the rest.
class TaskQueue {
public:
  TaskQueue() = default;
  TaskQueue(const TaskQueue &) = delete;
  TaskQueue &operator=(const TaskQueue &) = delete;
  ~TaskQueue() {
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
      tasks_.clear();
    }
    changed_.notify_all();
    for (std::thread &thread : threads_)
      thread.join();
  }

  // The result, or what the task threw.
  template <typename Task> auto run(Task task) -> std::shared_future<decltype(task())> {
    const auto shared = std::make_shared<std::packaged_task<decltype(task())()>>(std::move(task));
    std::shared_future<decltype(task())> result = shared->get_future().share();
    {
      const std::scoped_lock lock(mutex_);
      tasks_.emplace_back([shared] { (*shared)(); });
      if (idle_ < tasks_.size() && threads_.size() < std::thread::hardware_concurrency())
        threads_.emplace_back([this] { work(); });
    }
    changed_.notify_one();
    return result;
  }

private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return ended_ || !tasks_.empty(); });
      --idle_;
      if (ended_)
        return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

} // namespace convscope
