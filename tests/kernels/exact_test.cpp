// Decisions in double: gradients go where the reference's go, although float32 can't tell a ReLU's input from zero or a
// pool's taps from each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"
#include "reference/network.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

class ExactTest : public ::testing::Test {
protected:
  void SetUp() override {
    if (!test_device().info().shader_float64)
      GTEST_SKIP() << "the device has no doubles";
  }
};

// Moves the middle value of each channel just above or just below `at`, where the op decides: by a part in 10^11, where
// float32 has seven digits.
NodeId push_edge(Graph &graph, const Tensor &values, NodeId from, const Op &op = Relu{}, double at = 0) {
  ScaleShift edge;
  for (int c = 0; c < values.c; ++c) {
    std::vector<double> channel;
    for (int n = 0; n < values.n; ++n)
      for (int y = 0; y < values.h; ++y)
        for (int x = 0; x < values.w; ++x)
          channel.push_back(values.at(n, c, y, x));
    std::sort(channel.begin(), channel.end());
    const double middle = channel[(channel.size() - 1) / 2];
    edge.scale.push_back(1);
    edge.shift.push_back(at - middle + (std::abs(middle) + 1e-3) * (c % 2 == 0 ? 1e-11 : -1e-11));
  }
  return push(graph, op, {push(graph, edge, {from})});
}

NetworkOptions exact_options(const std::vector<NodeId> &targets) {
  NetworkOptions options;
  options.targets = targets;
  options.exact_decisions = true;
  return options;
}

// What `last` gives, and behind it ReLUs on the edge.
void check_edge(Graph graph, NodeId last, const Tensor &input, NetworkOptions options = exact_options({})) {
  const Tensor x = reference::rounded(input);
  options.targets = {push_edge(graph, reference::forward(graph, x, last)[static_cast<std::size_t>(last)], last)};
  expect_like_reference(graph, x, options, 4e-6);
}

void check_edge(const Op &op, const Tensor &input, const NetworkOptions &options = exact_options({})) {
  Graph graph = graph_with_input();
  check_edge(graph, push(graph, op, {0}), input, options);
}

TEST_F(ExactTest, Convolutions) {
  check_edge(random_conv(3, 8, square_window(1), 1), random_tensor(2, 3, 5, 7, 1));
  check_edge(random_conv(5, 37, square_window(3, 1, 1), 3, 1, false), random_tensor(1, 5, 7, 5, 2));
  check_edge(random_conv(3, 10, {7, 5, 2, 3, 1, 1, {3, 2, 1, 0}}, 5), random_tensor(2, 3, 19, 23, 3));
  check_edge(random_conv(12, 18, square_window(3, 1, 2, 2), 7, 3), random_tensor(2, 12, 9, 8, 4));
  check_edge(random_conv(33, 33, square_window(3, 2, 1), 9, 33), random_tensor(1, 33, 8, 9, 5));
  check_edge(random_conv(100, 6, square_window(2), 11), random_tensor(1, 100, 4, 3, 6));
  check_edge(random_conv(4, 5, {3, 2, 2, 1, 1, 1, {}, true}, 13), random_tensor(3, 4, 6, 5, 7));
}

TEST_F(ExactTest, TransposedConvolutions) {
  check_edge(random_conv_transpose(3, 9, square_window(2, 2), 1), random_tensor(2, 3, 5, 7, 1));
  check_edge(random_conv_transpose(4, 6, {3, 2, 2, 3, 1, 2, {1, 0, 1, -1}}, 3, 2), random_tensor(1, 4, 6, 5, 2));
  check_edge(random_conv_transpose(4, 5, {1, 3, 2, 2, 1, 1, {}, true}, 5), random_tensor(3, 4, 6, 5, 3));
}

TEST_F(ExactTest, DenseLayers) {
  check_edge(random_dense(3 * 5 * 7, 33, 1), random_tensor(3, 3, 5, 7, 2));
  check_edge(random_dense(40, 3, 1, false), random_tensor(2, 40, 1, 1, 2));
  NetworkOptions in_parts = exact_options({}); // rows of 280 bytes in parts of 4
  in_parts.max_binding_bytes = 1200;
  check_edge(random_dense(70, 10, 1), random_tensor(2, 35, 2, 1, 2), in_parts);
}

TEST_F(ExactTest, OtherOps) {
  check_edge(random_scale_shift(37, 1), random_tensor(3, 37, 5, 7, 2));
  check_edge(ZeroPad{{1, 2, 3, 0}}, random_tensor(2, 5, 4, 6, 1));
  check_edge(ZeroPad{{-1, 2, -2, -1}}, random_tensor(2, 5, 7, 6, 1));
  check_edge(GlobalAvgPool{}, random_tensor(2, 37, 4, 3, 1));
  check_edge(GlobalMaxPool{}, random_tensor(3, 37, 4, 3, 1));
  for (const Window &window : {square_window(2, 2), square_window(3, 2, 1), square_window(3, 2, 2, 2),
                               Window{17, 18, 3, 2, 1, 1, {4, 3, 2, 1}}, Window{3, 2, 2, 3, 1, 1, {}, true},
                               Window{3, 4, 2, 3, 1, 1, {1, 1, 1, 2}, false, false, true}}) {
    check_edge(MaxPool{window}, random_tensor(2, 9, 22, 25, 3));
    check_edge(AvgPool{window, false}, random_tensor(2, 9, 22, 25, 4));
    check_edge(AvgPool{window, true}, random_tensor(2, 9, 22, 25, 5));
  }
}

TEST_F(ExactTest, OpsThatMoveElements) {
  const Tensor input = random_tensor(2, 36, 6, 8, 1);
  check_edge(Identity{}, input);
  check_edge(Reshape{{12, -1, 8}}, input);
  check_edge(Slice{Axis::c, -1, -20, -2}, input);
  check_edge(Slice{Axis::w, 1, 6}, input);
  check_edge(Transpose{{Axis::w, Axis::c, Axis::h}}, input);
  check_edge(ChannelShuffle{4}, input);
  check_edge(DepthToSpace{3, true}, input);
  check_edge(DepthToSpace{2, false}, input);
  check_edge(SpaceToDepth{2}, input);
  for (const PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::edge, PadMode::wrap})
    check_edge(Pad{mode, 0.7F, {1, 2, -1, 0}, 1, 2}, input);
  for (const ResizeMode mode : {ResizeMode::nearest, ResizeMode::linear, ResizeMode::cubic}) {
    Resize op;
    op.mode = mode;
    op.scale_h = 2;
    op.scale_w = 0.75;
    check_edge(op, input);
  }
}

// A constant, and what is joined of several that were computed.
TEST_F(ExactTest, Joins) {
  for (const Axis axis : {Axis::c, Axis::h, Axis::w}) {
    Graph graph = graph_with_input();
    const NodeId left = push(graph, random_conv(3, 5, square_window(3, 1, 1), 1), {0});
    const NodeId right = push(graph, random_conv(3, 5, square_window(3, 1, 1), 3), {0});
    const NodeId fixed = push(graph, Constant{{5, 6, 7}, reference::random_floats(5 * 6 * 7, 5)}, {});
    const NodeId sum = push(graph, Add{}, {left, fixed});
    check_edge(graph, push(graph, Concat{axis}, {left, sum, right, left}), random_tensor(2, 3, 6, 7, 7));
  }
}

// Normalizations, residuals, sums of several, a value with several readers.
TEST_F(ExactTest, WhatFollowsAConvolution) {
  Graph graph = graph_with_input();
  const NodeId padded = push(graph, ZeroPad{{1, 1, 1, 1}}, {0});
  const NodeId stem = push(graph, random_conv(3, 34, square_window(3), 1), {padded});
  const NodeId norm = push(graph, random_scale_shift(34, 3), {push(graph, random_scale_shift(34, 5), {stem})});
  const NodeId open = push(graph, Relu{}, {norm});
  const NodeId branch = push(graph, random_conv(34, 34, square_window(1), 7, 1, false), {open});
  const NodeId sum = push(graph, Add{}, {open, push(graph, random_scale_shift(34, 9), {branch})});
  const NodeId sums = push(graph, Add{}, {sum, open, norm, sum});
  for (NodeId last : {norm, sum, sums})
    check_edge(graph, last, random_tensor(2, 3, 6, 7, 8));
}

// The op decides by itself which way the gradient goes.
void check_decision(const Op &op, double at = 0) {
  const Tensor x = reference::rounded(random_tensor(2, 3, 6, 7, 1));
  Graph graph = graph_with_input();
  const NodeId stem = push(graph, random_conv(3, 34, square_window(3), 1), {0});
  const NodeId y = push_edge(graph, reference::forward(graph, x, stem)[static_cast<std::size_t>(stem)], stem, op, at);
  expect_like_reference(graph, x, exact_options({y}), 4e-6);
}

TEST_F(ExactTest, OpsThatDecide) {
  check_decision(Relu{1}, 1);
  check_decision(Unary{Function::clip, -0.5F, 1}, -0.5);
  check_decision(Unary{Function::clip, -0.5F, 1}, 1);
  check_decision(PRelu{reference::random_floats(34, 1)});
  check_decision(Unary{Function::leaky_relu, 0.1F, 0});
  check_decision(Unary{Function::selu, 2, 1});
  check_decision(Unary{Function::abs});
  const double a = 1.0F / 6;
  check_decision(Unary{Function::hard_sigmoid, 1.0F / 6, 0.5F}, -0.5 / a);
  check_decision(Unary{Function::hard_sigmoid, 1.0F / 6, 0.5F}, 0.5 / a);
  check_decision(Unary{Function::hard_swish, 1.0F / 6, 0.5F}, -0.5 / a);
  check_decision(Unary{Function::hard_swish, 1.0F / 6, 0.5F}, 0.5 / a);
}

TEST_F(ExactTest, TheTrueExtreme) {
  Tensor x(1, 2, 3, 5);
  const Tensor same = reference::rounded(random_tensor(1, 1, 3, 5, 1));
  std::copy(same.data.begin(), same.data.end(), x.data.begin());
  std::copy(same.data.begin(), same.data.end(), x.data.begin() + 15);
  Graph graph = graph_with_input();
  const NodeId second = push(graph, ScaleShift{{1, 1}, {0, 1e-12}}, {0});
  const NodeId first = push(graph, ScaleShift{{1, 1}, {1e-12, 0}}, {0});
  for (const Reduction reduction : {Reduction::max, Reduction::min})
    for (NodeId from : {first, second})
      expect_like_reference(graph, x, exact_options({push(graph, Reduce{reduction, {true, false, false}}, {from})}));
  for (const Arithmetic arithmetic : {Arithmetic::maximum, Arithmetic::minimum})
    expect_like_reference(graph, x, exact_options({push(graph, Binary{arithmetic}, {first, second})}));
}

TEST_F(ExactTest, FunctionsOnTheWay) {
  for (const Unary &unary :
       {Unary{Function::elu}, Unary{Function::selu, 1.67F, 1.05F}, Unary{Function::celu, 0.7F, 0},
        Unary{Function::sigmoid}, Unary{Function::silu}, Unary{Function::gelu}, Unary{Function::gelu_tanh},
        Unary{Function::mish}, Unary{Function::tanh}, Unary{Function::softplus}, Unary{Function::softsign},
        Unary{Function::erf}, Unary{Function::exp}, Unary{Function::power, 3, 0}, Unary{Function::linear, -2, 3}}) {
    SCOPED_TRACE(static_cast<int>(unary.function));
    check_edge(unary, random_tensor(2, 5, 4, 7, 1, -4, 4));
  }
  for (const Unary &unary :
       {Unary{Function::log}, Unary{Function::sqrt}, Unary{Function::reciprocal}, Unary{Function::power, -1.75F, 0}})
    check_edge(unary, random_tensor(2, 5, 4, 7, 1, 0.2, 4));
}

TEST_F(ExactTest, AxesOnTheWay) {
  const Tensor x = random_tensor(2, 6, 5, 19, 1);
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::max, Reduction::min, Reduction::l1,
                                    Reduction::l2, Reduction::sum_square})
    check_edge(Reduce{reduction, {false, true, false}}, x);
  check_edge(Normalize{{true, false, false}, 1, 1e-5}, x);
  check_edge(Normalize{{true, true, true}, 3, 1e-5}, x);
  check_edge(Softmax{Axis::h, false}, x);
  check_edge(Softmax{Axis::c, true}, x);
  check_edge(Lrn{5, 1, 0.75F, 1}, x);
}

TEST_F(ExactTest, ArithmeticOnTheWay) {
  for (const Arithmetic arithmetic : {Arithmetic::add, Arithmetic::subtract, Arithmetic::multiply, Arithmetic::divide,
                                      Arithmetic::maximum, Arithmetic::minimum, Arithmetic::power}) {
    Graph graph = graph_with_input();
    const NodeId mean = push(graph, Reduce{Reduction::mean, {false, true, true}}, {0});
    const NodeId last = push(graph, Binary{arithmetic}, {0, mean});
    check_edge(graph, last, random_tensor(2, 5, 4, 7, 1, 0.3, 2));
  }
}

// A stem with weights so coarse that hundreds of its sums differ by less than a float can hold.
Graph coarse_stem(bool bias, bool norm) {
  Graph graph = graph_with_input(bias ? "coarse stem with bias" : "coarse stem");
  Conv conv{16, 1, square_window(7, 2), {}, {}};
  for (float w : reference::random_floats(16 * 3 * 7 * 7, 1, -3, 3))
    conv.weights.own().push_back(std::round(w) / 16);
  if (bias)
    for (float b : reference::random_floats(16, 2, -8, 8))
      conv.bias.own().push_back(std::round(b) / 64);
  NodeId x = push(graph, conv, {push(graph, ZeroPad{{3, 3, 3, 3}}, {0})});
  if (norm)
    x = push(graph, Relu{}, {push(graph, random_scale_shift(16, 4), {x})});
  push(graph, MaxPool{square_window(3, 2)}, {push(graph, ZeroPad{{1, 1, 1, 1}}, {x})});
  return graph;
}

// A photo of few greys, as nets are given it: k / 127.5 - 1, rounded to float.
Tensor photo() {
  Tensor x = random_tensor(2, 3, 45, 51, 3, 0, 8);
  for (double &v : x.data)
    v = static_cast<float>(std::floor(v) * 32 / 127.5 - 1);
  return x;
}

struct Outcome {
  Tensor gradient;
  double error = 0;
  int dispatches = 0;
};

Outcome outcome(const Graph &graph, NetworkOptions options) {
  const Tensor x = photo();
  const NodeId last = static_cast<NodeId>(graph.nodes.size()) - 1;
  options.input = {x.c, x.h, x.w};
  options.batch = x.n;
  options.targets = {last};
  options.backward = true;
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, options);
  const std::vector<Tensor> seeds = random_seeds(graph, options);
  net.run(x, seeds);
  const auto outputs = reference::forward(graph, x, last);
  const Tensor expected = reference::backward(graph, outputs, last, seeds[0])[0];
  return {net.gradient(), reference::relative_error(net.gradient(), expected), net.plan().dispatches()};
}

TEST_F(ExactTest, TheGradientGoesToTheTrueMaximum) {
  for (bool bias : {false, true})
    for (bool norm : {false, true})
      EXPECT_LT(outcome(coarse_stem(bias, norm), exact_options({})).error, 1e-6) << bias << norm;
}

// The case above would show nothing otherwise.
TEST_F(ExactTest, RoundingWouldPickAnother) {
  EXPECT_GT(outcome(coarse_stem(true, false), {}).error, 1e-3);
  EXPECT_GT(outcome(coarse_stem(true, true), {}).error, 1e-3);
}

TEST_F(ExactTest, WhereDoublesDoNotFitFloatsDecide) {
  const Graph graph = coarse_stem(true, false);
  NetworkOptions small = exact_options({}), inexact;
  small.max_binding_bytes = inexact.max_binding_bytes = 2UL * 16 * 23 * 26 * 8 - 1; // of the stem's
  const Outcome exact = outcome(graph, exact_options({}));
  const Outcome limited = outcome(graph, small), usual = outcome(graph, inexact);
  EXPECT_GT(exact.dispatches, usual.dispatches);
  EXPECT_EQ(limited.dispatches, usual.dispatches);
  EXPECT_EQ(limited.gradient.data, usual.gradient.data);
}

} // namespace
} // namespace convscope
