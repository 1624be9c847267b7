#include "base/task_queue.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace convscope {
namespace {

TEST(TaskQueue, GivesEachResult) {
  TaskQueue queue;
  std::vector<std::shared_future<int>> results;
  for (int i = 0; i < 100; ++i)
    results.push_back(queue.run([i] { return i * i; }));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
}

TEST(TaskQueue, HandsOnWhatATaskThrows) {
  TaskQueue queue;
  const auto fails = queue.run([]() -> int { throw std::runtime_error("no pipeline"); });
  EXPECT_THROW(fails.get(), std::runtime_error);
  EXPECT_EQ(queue.run([] { return 1; }).get(), 1); // and goes on
}

TEST(TaskQueue, EndsWithTasksLeft) {
  std::atomic<int> begun = 0, ended = 0;
  {
    TaskQueue queue;
    for (int i = 0; i < 1000; ++i)
      queue.run([&] {
        ++begun;
        std::this_thread::yield();
        ++ended;
        return 0;
      });
  }
  EXPECT_EQ(begun, ended);
}

} // namespace
} // namespace convscope
