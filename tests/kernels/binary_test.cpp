// Arithmetic of two operands, each repeated along any axes.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/device_network.h"
#include "kernels/graphs.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

class BinaryTest : public ::testing::TestWithParam<Arithmetic> {
protected:
  // Powers of a base near zero would amplify how it was rounded.
  static bool power() { return GetParam() == Arithmetic::power; }
  static Tensor input(int n, int c, int h, int w) { return random_tensor(n, c, h, w, 1, power() ? 1.2 : 0.3, 2); }
  // Operands are means of the input over these axes, behind a ReLU or not; targets are the result alone, or an operand
  // and a ReLU of the result.
  void check(Axes first, Axes second, const Tensor &input) const {
    SCOPED_TRACE(std::to_string(first.c) + std::to_string(first.h) + std::to_string(first.w) + " and " +
                 std::to_string(second.c) + std::to_string(second.h) + std::to_string(second.w));
    Graph graph = graph_with_input();
    NodeId a = push(graph, Reduce{Reduction::mean, first}, {0});
    a = push(graph, Relu{}, {push(graph, random_scale_shift(first.c ? 1 : input.c, 1), {a})});
    const NodeId b = push(graph, Reduce{Reduction::mean, second}, {0});
    const NodeId y = push(graph, Binary{GetParam()}, {a, b});
    NetworkOptions options;
    options.targets = {y};
    const double tolerance = power() ? 1e-5 : 2e-6;
    expect_like_reference(graph, input, options, tolerance);
    options.targets = {a, push(graph, Relu{}, {y})};
    expect_like_reference(graph, input, options, tolerance);
  }
};

const Axes none{}, all{true, true, true}, pixels{false, true, true}, channels{true, false, false};

TEST_P(BinaryTest, OfEqualShapes) { check(none, none, input(2, 37, 3, 5)); }

TEST_P(BinaryTest, OneIsRepeated) {
  for (const Tensor &x : {input(2, 34, 3, 5), input(1, 3, 17, 9)})
    for (Axes axes : {pixels, channels, all, Axes{false, true, false}, Axes{true, false, true}}) {
      check(none, axes, x);
      check(axes, none, x);
    }
}

TEST_P(BinaryTest, EachIsRepeated) {
  check(pixels, channels, input(2, 5, 3, 4));
  check(Axes{false, true, false}, Axes{true, false, true}, input(1, 5, 3, 20));
}

TEST_P(BinaryTest, OfANodeAndItself) {
  Graph graph = graph_with_input();
  const NodeId x = push(graph, Relu{}, {0});
  NetworkOptions options;
  options.targets = {x, push(graph, Binary{GetParam()}, {x, x})};
  expect_like_reference(graph, input(2, 5, 3, 4), options);
}

INSTANTIATE_TEST_SUITE_P(All, BinaryTest,
                         ::testing::Values(Arithmetic::add, Arithmetic::subtract, Arithmetic::multiply,
                                           Arithmetic::divide, Arithmetic::maximum, Arithmetic::minimum,
                                           Arithmetic::power));

TEST(BinaryTies, TheFirstTakesTheGradient) {
  for (Arithmetic arithmetic : {Arithmetic::maximum, Arithmetic::minimum}) {
    Tensor input = random_tensor(2, 5, 3, 4, 1, -2, 2);
    for (double &value : input.data)
      value = std::round(value);
    Graph graph = graph_with_input();
    const NodeId other = push(graph, Unary{Function::linear, -1, 0}, {0});
    NetworkOptions options;
    options.targets = {push(graph, Binary{arithmetic}, {other, 0})};
    expect_like_reference(graph, input, options);
  }
}

} // namespace
} // namespace convscope
