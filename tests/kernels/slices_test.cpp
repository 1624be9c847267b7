// Reductions, normalizations and softmax over every set of axes, and local response normalization.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/device_network.h"
#include "kernels/graphs.h"
#include "plan/slices.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

const std::vector<Axes> all_axes = {{true, false, false}, {false, true, false}, {false, false, true},
                                    {true, true, false},  {true, false, true},  {false, true, true},
                                    {true, true, true},   {false, false, false}};

// Slices of fewer and more elements than lanes, that lie apart and side by side.
std::vector<Tensor> inputs() {
  return {random_tensor(2, 6, 5, 19, 1), random_tensor(1, 70, 3, 2, 2), random_tensor(3, 4, 1, 1, 3)};
}

// What the axes leave in, out of everything else, as the kernels walk it.
TEST(SlicesTest, EveryElementIsInOneSlice) {
  for (const Shape &shape : {Shape{6, 5, 19}, Shape{70, 3, 2}, Shape{4, 1, 1}, Shape{3, 1, 7}, Shape{1, 5, 1}})
    for (Axes axes : all_axes)
      for (int groups : {1, shape.c}) {
        const gpu::SliceParams p = slices_along(shape, axes, 1, true, groups).params;
        std::vector<int> seen(static_cast<std::size_t>(shape.elements()));
        for (int c = 0; c < p.slice_channels; ++c)
          for (int y = 0; y < p.slice_rows; ++y)
            for (int x = 0; x < p.slice_columns; ++x)
              for (int outer = 0; outer < p.outer_count; ++outer)
                for (int inner = 0; inner < p.inner_count; ++inner) {
                  const int start = (c * (shape.c / p.slice_channels) * shape.h + y) * shape.w + x;
                  ++seen.at(static_cast<std::size_t>(start + outer * p.outer_stride + inner * p.inner_stride));
                }
        EXPECT_EQ(seen, std::vector<int>(seen.size(), 1)) << shape.c << axes.c << axes.h << axes.w;
      }
}

// A large device gets more workgroups of a small map, a CPU driver a slice for each lane; whatever the batch: the order
// of sums hangs on it.
TEST(SlicesTest, FewWorkgroupsAreSpread) {
  const auto of = [](const Shape &shape, int batch, bool cpu) {
    return slices_along(shape, {true, false, false}, batch, cpu);
  };
  for (const int batch : {1, 64}) {
    EXPECT_EQ(of({768, 14, 14}, batch, false).neighbours, 4U);
    EXPECT_EQ(of({64, 224, 224}, batch, false).neighbours, 16U);
    EXPECT_EQ(of({768, 14, 14}, batch, true).neighbours, 16U);
    EXPECT_EQ(of({64, 224, 224}, batch, true).neighbours, 64U);
    EXPECT_EQ(of({64, 2, 2}, batch, true).neighbours, 1U);
  }
  EXPECT_EQ(of({768, 14, 14}, 1, false).groups[0], 49U);
}

class ReductionTest : public ::testing::TestWithParam<Reduction> {};

TEST_P(ReductionTest, IsTheReferences) {
  for (const Tensor &input : inputs())
    for (Axes axes : all_axes) {
      SCOPED_TRACE(std::to_string(axes.c) + std::to_string(axes.h) + std::to_string(axes.w));
      check_op(Reduce{GetParam(), axes}, input);
    }
}

TEST_P(ReductionTest, WithTies) {
  Tensor input = random_tensor(2, 5, 4, 17, 4, 0, 3);
  for (double &value : input.data)
    value = std::floor(value);
  check_op(Reduce{GetParam(), {true, true, false}}, input);
  check_op(Reduce{GetParam(), {false, true, true}}, input);
}

INSTANTIATE_TEST_SUITE_P(All, ReductionTest,
                         ::testing::Values(Reduction::mean, Reduction::sum, Reduction::max, Reduction::min,
                                           Reduction::l1, Reduction::l2, Reduction::sum_square));

TEST(NormalizeTest, OverEveryAxes) {
  for (const Tensor &input : inputs())
    for (Axes axes : all_axes)
      check_op(Normalize{axes, 1, 1e-2}, input);
}

TEST(NormalizeTest, InGroups) {
  check_op(Normalize{{true, true, true}, 3, 1e-5}, random_tensor(2, 6, 5, 7, 1));
  check_op(Normalize{{true, true, true}, 16, 1e-5}, random_tensor(1, 32, 9, 3, 2));
}

// Far from zero float32 has few digits left for the differences: those that it has must be right.
TEST(NormalizeTest, FarFromZero) {
  Tensor input = random_tensor(1, 3, 60, 50, 1);
  for (double &value : input.data)
    value += 1000;
  Graph graph = graph_with_input();
  NetworkOptions options;
  options.targets = {push(graph, Normalize{{false, true, true}, 1, 1e-5}, {0})};
  expect_like_reference(graph, reference::rounded(input), options);
}

TEST(SoftmaxTest, AlongEveryAxis) {
  for (Axis axis : {Axis::c, Axis::h, Axis::w})
    for (bool log : {false, true}) {
      check_op(Softmax{axis, log}, random_tensor(2, 10, 3, 18, 1, -8, 8));
      check_op(Softmax{axis, log}, random_tensor(3, 200, 1, 1, 2, -30, 80));
    }
}

TEST(LrnTest, WindowsOfChannels) {
  check_op(Lrn{}, random_tensor(2, 37, 3, 5, 1, -30, 30));
  check_op(Lrn{5, 0.5F, 0.75F, 2}, random_tensor(2, 64, 4, 3, 2, -2, 2));
  check_op(Lrn{11, 0.0011F, 0.5F, 2}, random_tensor(1, 70, 2, 6, 5, -100, 100));
  check_op(Lrn{4, 1, 0.5F, 1}, random_tensor(1, 7, 4, 3, 3, -2, 2)); // one more behind
  check_op(Lrn{9, 1, 1.3F, 1}, random_tensor(1, 3, 4, 3, 4, -2, 2)); // wider than the map
}

} // namespace
} // namespace convscope
