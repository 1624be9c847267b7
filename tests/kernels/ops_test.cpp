// Every op but the convolution, forward and backward, over odd shapes.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

Tensor whole_numbers(Tensor values) {
  for (double &value : values.data)
    value = std::round(value);
  return values;
}

struct PoolCase {
  std::string name;
  Window window;
  int c, h, w, batch;
};

const std::vector<PoolCase> pools = {
    {"Window2Stride2", square_window(2, 2), 5, 7, 10, 2},
    {"Window3Stride2Padded", square_window(3, 2, 1), 17, 13, 11, 3},
    {"Overlapping", square_window(3), 33, 6, 7, 1},
    {"Window7", square_window(7, 2, 3), 6, 15, 12, 2},
    {"Window17", {17, 18, 3, 2, 1, 1, {4, 3, 2, 1}}, 3, 22, 25, 2},
    {"Dilated", square_window(3, 2, 2, 2), 9, 12, 11, 1},
    {"Asymmetric", {2, 3, 1, 2, 1, 1, {1, 0, 0, 2}}, 4, 8, 9, 1},
    {"Same", {3, 2, 2, 3, 1, 1, {}, true}, 4, 9, 10, 1},
    {"WithGaps", square_window(1, 3), 4, 8, 9, 2},
    {"SameLower", {3, 2, 2, 3, 1, 1, {}, true, true}, 4, 9, 10, 2},
    {"Ceil", {3, 2, 2, 2, 1, 1, {}, false, false, true}, 5, 8, 9, 2},
    {"CeilPadded", {3, 4, 2, 3, 1, 1, {1, 1, 1, 2}, false, false, true}, 33, 8, 5, 2},
    {"CeilDilated", {3, 3, 3, 3, 2, 2, {1, 2, 2, 1}, false, false, true}, 4, 12, 11, 1},
    {"LargerThanTheInput", {5, 6, 3, 3, 1, 1, {}, false, false, true}, 3, 4, 4, 2},
    {"WindowsOfPaddingAlone", {2, 1, 2, 1, 1, 1, {2, 1, 3, 0}}, 3, 5, 4, 2},
    {"WholeQuads", square_window(3, 1, 1), 37, 6, 16, 2},
    {"WholeQuadsStride2", {3, 3, 2, 2, 1, 1, {0, 0, 1, 1}}, 70, 9, 24, 1},
    {"WholeQuadsStride3", {3, 4, 2, 3, 1, 1, {1, 1, 1, 0}}, 3, 7, 12, 2},
    {"Large", {23, 40, 11, 7, 1, 1, {11, 20, 11, 19}}, 3, 25, 47, 1},
};

class PoolTest : public ::testing::TestWithParam<PoolCase> {
protected:
  Tensor input() const { return random_tensor(GetParam().batch, GetParam().c, GetParam().h, GetParam().w, 3); }
};
void PrintTo(const PoolCase &pool, std::ostream *out) { *out << pool.name; }

TEST_P(PoolTest, Max) { check_op(MaxPool{GetParam().window}, input()); }
TEST_P(PoolTest, MaxAmongZerosAround) {
  Window window = GetParam().window;
  if (window.pad == Padding{})
    window.pad = {1, 2, 0, 1};
  const ZeroPad zeros{std::exchange(window.pad, {})};
  Graph graph = graph_with_input();
  const NodeId x = push(graph,
                        ScaleShift{std::vector<double>(std::size_t(GetParam().c), 1.0),
                                   std::vector<double>(std::size_t(GetParam().c), -0.5)},
                        {0});
  NetworkOptions options;
  options.targets = {push(graph, MaxPool{window}, {push(graph, zeros, {x})})};
  for (const bool exact : {false, true}) {
    options.exact_decisions = exact;
    expect_like_reference(graph, input(), options);
  }
}
TEST_P(PoolTest, MaxWithTies) { check_op(MaxPool{GetParam().window}, whole_numbers(input())); }
TEST_P(PoolTest, Average) { check_op(AvgPool{GetParam().window, false}, input()); }
TEST_P(PoolTest, AverageThatCountsPadding) { check_op(AvgPool{GetParam().window, true}, input()); }

INSTANTIATE_TEST_SUITE_P(All, PoolTest, ::testing::ValuesIn(pools), [](const auto &test) { return test.param.name; });

TEST(OpsTest, GlobalPools) {
  for (const Tensor &input : {random_tensor(2, 37, 4, 3, 1), whole_numbers(random_tensor(1, 5, 19, 23, 2))}) {
    check_op(GlobalMaxPool{}, input);
    check_op(GlobalAvgPool{}, input);
  }
}

TEST(OpsTest, ScaleShift) {
  check_op(random_scale_shift(37, 1), random_tensor(3, 37, 5, 7, 2));
  check_op(random_scale_shift(66, 1), random_tensor(2, 66, 4, 5, 2));
}

TEST(OpsTest, Relu) {
  check_op(Relu{}, whole_numbers(random_tensor(2, 65, 3, 5, 1)));
  check_op(Relu{}, whole_numbers(random_tensor(2, 65, 6, 6, 1)));
}

TEST(OpsTest, ZeroPad) {
  check_op(ZeroPad{{1, 2, 3, 0}}, random_tensor(2, 5, 4, 6, 1));
  check_op(ZeroPad{{-1, 2, -2, -1}}, random_tensor(2, 5, 7, 6, 1));
}

TEST(OpsTest, ACropBeforeAConvolutionIsZeroOutside) {
  Graph graph = graph_with_input();
  const NodeId x = push(graph, ZeroPad{{-1, -1, -1, -1}}, {0});
  NetworkOptions options;
  options.targets = {push(graph, random_conv(3, 4, square_window(3, 1, 1), 1), {x})};
  expect_like_reference(graph, random_tensor(1, 3, 9, 8, 1), options);
}

TEST(OpsTest, Softmax) {
  check_op(Softmax{}, random_tensor(2, 10, 3, 1, 1, -8, 8));
  check_op(Softmax{}, random_tensor(3, 200, 1, 1, 2, -30, 80));
}

TEST(OpsTest, DenseTakesChannelsFirst) { check_op(random_dense(3 * 5 * 7, 33, 1), random_tensor(3, 3, 5, 7, 2)); }

TEST(OpsTest, DenseWithoutBias) { check_op(random_dense(40, 3, 1, false), random_tensor(2, 40, 1, 1, 2)); }

// Rows of 70 floats in parts of 3, as where a device can't bind all the weights.
TEST(OpsTest, DenseInParts) {
  NetworkOptions options;
  options.max_binding_bytes = 1000;
  check_op(random_dense(70, 10, 1), random_tensor(2, 35, 2, 1, 2), options);
}

TEST(OpsTest, FlattenBehindARelu) {
  Graph graph = graph_with_input();
  NodeId x = push(graph, random_scale_shift(35, 1), {0});
  x = push(graph, Relu{}, {x});
  const NodeId flat = push(graph, Flatten{}, {x});
  const NodeId dense = push(graph, random_dense(35 * 6, 9, 3), {flat});
  const NodeId closed = push(graph, Relu{}, {flat});
  NetworkOptions options;
  for (const std::vector<NodeId> &targets : {std::vector{dense}, std::vector{dense, flat}, {dense, x, closed}}) {
    options.targets = targets;
    expect_like_reference(graph, random_tensor(2, 35, 2, 3, 4), options);
  }
}

TEST(OpsTest, Additions) {
  Graph graph = graph_with_input();
  const NodeId a = push(graph, Relu{}, {0});
  const NodeId b = push(graph, random_scale_shift(34, 1), {0});
  const NodeId two = push(graph, Add{}, {a, b});
  const NodeId three = push(graph, Add{}, {b, a, 0});
  const NodeId twice = push(graph, Add{}, {a, a});
  const NodeId often = push(graph, Add{}, {b, a, b, b});
  NetworkOptions options;
  for (NodeId sum : {two, three, twice, often}) {
    SCOPED_TRACE(sum);
    options.targets = {sum, push(graph, Relu{}, {sum})};
    expect_like_reference(graph, random_tensor(2, 34, 3, 5, 3), options);
    expect_like_reference(graph, random_tensor(2, 34, 2, 6, 3), options);
    options.targets.erase(options.targets.begin()); // the ReLU goes into the addition
    expect_like_reference(graph, random_tensor(2, 34, 3, 5, 3), options);
  }
}

TEST(OpsTest, ConvolutionsTakeInAdditionsOfEveryKind) {
  Graph graph = graph_with_input();
  const Window window = square_window(3, 1, 1);
  const NodeId x = push(graph, Relu{}, {0});
  const NodeId left = push(graph, random_conv(4, 4, window, 1), {x});
  const NodeId right = push(graph, random_conv(4, 4, window, 3), {x});
  const NodeId sum = push(graph, Add{}, {right, left});
  const NodeId next = push(graph, random_conv(4, 4, window, 5), {sum});
  const NodeId twice = push(graph, Add{}, {next, next});
  const NodeId last = push(graph, random_conv(4, 4, window, 7), {twice});
  const NodeId three = push(graph, Add{}, {last, sum, x});
  NetworkOptions options;
  options.targets = {push(graph, Relu{}, {three})};
  expect_like_reference(graph, random_tensor(2, 4, 6, 7, 3), options, 4e-6);
}

TEST(OpsTest, ATensorThatIsTooLargeSaysWhatWouldFit) {
  Graph graph = graph_with_input("toy");
  NetworkOptions options;
  options.input = {3, 100, 80};
  options.targets = {push(graph, random_conv(3, 8, square_window(1), 1), {0}, "stem")};
  options.batch = 4;
  options.max_binding_bytes = 600000;
  Weights weights(test_device());
  const auto message = [&] {
    try {
      Plan plan(test_programs(), "toy");
      Network network(plan, weights, graph, options);
    } catch (const UserError &error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_NE(message().find("stem of toy at input 80x100"), std::string::npos) << message();
  EXPECT_NE(message().find("a batch of 2 would fit"), std::string::npos) << message();
  options.max_binding_bytes = 200000;
  EXPECT_NE(message().find("a smaller size would fit"), std::string::npos) << message();
}

} // namespace
} // namespace convscope
