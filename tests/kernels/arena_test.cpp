#include "plan/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace convscope {
namespace {

// The most bytes that are alive at one step: no placement can be smaller.
std::size_t lower_bound(const std::vector<Placement> &tensors) {
  std::size_t most = 0;
  for (const Placement &at : tensors) {
    std::size_t alive = 0;
    for (const Placement &tensor : tensors)
      if (tensor.first <= at.first && at.first <= tensor.last)
        alive += tensor.bytes;
    most = std::max(most, alive);
  }
  return most;
}

void expect_apart(const std::vector<Placement> &tensors, std::size_t size, std::size_t alignment) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Placement &a = tensors[i];
    EXPECT_EQ(a.offset % alignment, 0U);
    EXPECT_LE(a.offset + a.bytes, size);
    for (std::size_t j = 0; j < i; ++j) {
      const Placement &b = tensors[j];
      const bool together = a.first <= b.last && b.first <= a.last;
      const bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      EXPECT_FALSE(together && overlap) << i << " and " << j;
    }
  }
}

TEST(ArenaTest, NothingTakesNothing) {
  std::vector<Placement> none;
  EXPECT_EQ(place_in_arena(none, 256), 0U);
}

TEST(ArenaTest, ThoseAliveTogetherNeverOverlap) {
  std::mt19937 random(1);
  const auto below = [&](unsigned limit) { return random() % limit; };
  for (int round = 0; round < 200; ++round) {
    std::vector<Placement> tensors(1 + below(40));
    for (Placement &tensor : tensors) {
      tensor.bytes = 1 + below(5000);
      tensor.first = static_cast<int>(below(30));
      tensor.last = tensor.first + static_cast<int>(below(8));
    }
    const std::size_t size = place_in_arena(tensors, 256);
    expect_apart(tensors, size, 256);
    EXPECT_EQ(size % 256, 0U);
    EXPECT_GE(size, lower_bound(tensors));
  }
}

TEST(ArenaTest, NoTensorReachesIntoTheNextBlock) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<Placement> tensors(30);
    for (Placement &tensor : tensors) {
      tensor.bytes = 1 + random() % 1024;
      tensor.first = static_cast<int>(random() % 20);
      tensor.last = tensor.first + static_cast<int>(random() % 6);
    }
    expect_apart(tensors, place_in_arena(tensors, 64, 1024), 64);
    for (const Placement &tensor : tensors)
      EXPECT_EQ(tensor.offset / 1024, (tensor.offset + tensor.bytes - 1) / 1024);
  }
}

// A chain, in which each step reads what the one before wrote, needs two buffers in turns.
TEST(ArenaTest, AChainTakesItsLargestNeighbours) {
  std::vector<Placement> tensors;
  for (int i = 0; i < 10; ++i)
    tensors.push_back({1024, i, i + 1});
  EXPECT_EQ(place_in_arena(tensors, 256), 2048U);
  expect_apart(tensors, 2048, 256);

  tensors = {{512, 0, 1}, {2048, 1, 2}, {1024, 2, 3}, {256, 3, 4}};
  EXPECT_EQ(place_in_arena(tensors, 256), 3072U);
}

TEST(ArenaTest, AResidualStaysWhileItsBranchRuns) {
  std::vector<Placement> tensors = {{1024, 0, 4}, {1024, 1, 2}, {1024, 2, 3}, {1024, 3, 4}, {1024, 4, 5}};
  EXPECT_EQ(place_in_arena(tensors, 256), 3072U);
  expect_apart(tensors, 3072, 256);
}

TEST(ArenaTest, SizesAreRoundedUpBetweenTensors) {
  std::vector<Placement> tensors = {{1, 0, 1}, {100, 0, 1}, {65, 0, 1}};
  EXPECT_EQ(place_in_arena(tensors, 64), 320U);
  expect_apart(tensors, 320, 64);
}

} // namespace
} // namespace convscope
