// What the back ends in 16 bits do with numbers that no half can hold.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/conv_cases.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"
#include "reference/network.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

class ConvHalves : public ::testing::TestWithParam<ConvBackend> {
protected:
  void SetUp() override {
    if (GetParam() == ConvBackend::matrix && !matrices_fit(test_device().info()))
      GTEST_SKIP() << no_matrices();
    if (!halves_fit(test_device().info()))
      GTEST_SKIP() << "the device has no arithmetic of 16 bits, or no subgroup arithmetic";
  }

  // Of a convolution without bias, with its weights times 2^weights and its input times 2^inputs.
  static Tensor output(int weights, int inputs) {
    Conv conv = random_conv(in_c, 40, square_window(3, 1, 1), 3, 1, false);
    for (float &weight : conv.weights.own())
      weight = std::ldexp(weight, weights);
    Tensor x = input();
    for (double &value : x.data)
      value = std::ldexp(value, inputs);
    return run(conv, x);
  }
  static Tensor run(const Conv &conv, const Tensor &x) {
    Graph graph = graph_with_input();
    NetworkOptions options;
    options.backend = GetParam();
    options.input = {x.c, x.h, x.w};
    options.batch = x.n;
    options.targets = {push(graph, conv, {0})};
    Weights memory(test_device());
    DeviceNetwork net(memory, graph, options);
    net.run(x);
    return net.output(0);
  }
  static Tensor input() { return random_tensor(1, in_c, 9, 10, 4); }

  static constexpr int in_c = 50; // several steps, the last of which is not full
};

TEST_P(ConvHalves, PowersOfTwoRoundNothing) {
  const Tensor usual = output(0, 0);
  for (const auto &[weights, inputs] : {std::pair(-40, 10), std::pair(30, -60), std::pair(0, 60), std::pair(20, 0)}) {
    Tensor scaled = output(weights, inputs);
    for (double &value : scaled.data)
      value = std::ldexp(value, -weights - inputs);
    EXPECT_EQ(scaled.data, usual.data) << weights << " " << inputs;
  }
}

// Later channels are larger, so that what is summed up must be scaled down again and again; and smaller.
TEST_P(ConvHalves, ChannelsMayDifferMuch) {
  for (const int direction : {1, -1}) {
    const Conv conv = random_conv(in_c, 40, square_window(3, 1, 1), 3, 1, true);
    Tensor x = input();
    for (int c = 0; c < x.c; ++c)
      for (int y = 0; y < x.h; ++y)
        for (int column = 0; column < x.w; ++column)
          x.at(0, c, y, column) = std::ldexp(x.at(0, c, y, column), direction * (2 * c - 40));
    Graph graph = graph_with_input();
    const NodeId target = push(graph, conv, {0});
    expect_close(run(conv, x), reference::forward(graph, x, target).at(static_cast<std::size_t>(target)), 1e-3);
  }
}

// Never a wrong number without a sign of it.
TEST_P(ConvHalves, WhatIsNotANumberStaysSo) {
  const Conv conv = random_conv(in_c, 40, square_window(1), 3, 1, false);
  for (const double odd : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    Tensor x = input();
    x.at(0, in_c - 1, 3, 4) = odd;
    const Tensor y = run(conv, x);
    for (int c = 0; c < y.c; ++c)
      EXPECT_FALSE(std::isfinite(y.at(0, c, 3, 4))) << odd << " channel " << c;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ConvHalves, ::testing::Values(ConvBackend::matrix, ConvBackend::half),
                         [](const auto &test) { return std::string(backend_name(test.param)); });

} // namespace
} // namespace convscope
