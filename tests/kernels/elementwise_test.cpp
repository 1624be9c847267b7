// The ops on single elements, alone and fused into what stands before them, over odd shapes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/graphs.h"
#include "plan/fusion.h"
#include "reference/functions.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

// Multiples of 1/4, ceilings and floors among them.
Tensor quarters(Tensor values) {
  for (double &value : values.data)
    value = std::round(value * 4) / 4;
  return values;
}

TEST(ElementwiseTest, ReluWithACeiling) {
  check_op(Relu{6}, quarters(random_tensor(2, 65, 3, 5, 1, -4, 9)));
  check_op(Relu{0.5F}, random_tensor(1, 3, 4, 7, 2));
}

TEST(ElementwiseTest, Clip) {
  check_op(Unary{Function::clip, -0.5F, 1}, quarters(random_tensor(3, 33, 3, 5, 1, -2, 2)));
  check_op(Unary{Function::clip, -std::numeric_limits<float>::infinity(), 0.25F}, random_tensor(1, 3, 4, 7, 2));
}

// Eighths of 4: every half is among them.
TEST(ElementwiseTest, Round) {
  check_op(Unary{Function::round, 2}, quarters(random_tensor(3, 33, 3, 5, 1, -5, 5)));
  check_op(Unary{Function::round, 0.5F}, quarters(random_tensor(1, 5, 3, 7, 2, -400, 400)));
}

// A clamp goes into what stands before it.
TEST(ElementwiseTest, ClampsBehindOtherOps) {
  const Tensor input = coarse(random_tensor(2, 5, 6, 7, 1));
  for (const Op &clamp : {Op{Relu{0.5F}}, Op{Unary{Function::clip, -0.25F, 0.5F}}}) {
    Graph graph = graph_with_input();
    Conv conv = random_conv(5, 6, square_window(3), 1);
    for (std::vector<float> *values : {&conv.weights.own(), &conv.bias.own()})
      for (float &value : *values)
        value = coarse(value);
    const NodeId stem = push(graph, clamp, {push(graph, conv, {0})});
    const NodeId sum = push(graph, clamp, {push(graph, Add{}, {stem, stem})});
    const NodeId norm = push(graph, clamp, {push(graph, random_scale_shift(6, 2), {sum})});
    const NodeId dense = push(graph, clamp, {push(graph, random_dense(6 * 4 * 5, 40, 3), {norm})});
    NetworkOptions options;
    options.targets = {dense};
    EXPECT_EQ(fuse(graph, options.targets).size(), 4U);
    expect_like_reference(graph, input, options);
  }
}

struct FunctionCase {
  std::string name;
  Unary op;
  double low, high;
};
void PrintTo(const FunctionCase &function, std::ostream *out) { *out << function.name; }

const std::vector<FunctionCase> functions = {
    {"LeakyRelu", {Function::leaky_relu, 0.2F, 0}, -3, 3},
    {"Elu", {Function::elu, 1.5F, 0}, -30, 10},
    {"Selu", {Function::selu, 1.67F, 1.05F}, -3, 3},
    {"Celu", {Function::celu, 0.7F, 0}, -3, 3},
    {"Thresholded", {Function::thresholded, 0.5F, 0}, -2, 2},
    {"Sigmoid", {Function::sigmoid}, -30, 30},
    {"HardSigmoid", {Function::hard_sigmoid, 0.2F, 0.5F}, -4, 4},
    {"HardSwish", {Function::hard_swish, 1.0F / 6, 0.5F}, -5, 5},
    {"Silu", {Function::silu}, -20, 20},
    {"Gelu", {Function::gelu}, -9, 9},
    {"GeluNearZero", {Function::gelu}, -1, 1},
    {"GeluTanh", {Function::gelu_tanh}, -9, 9},
    {"Mish", {Function::mish}, -20, 40},
    {"Tanh", {Function::tanh}, -12, 12},
    {"TanhNearZero", {Function::tanh}, -1e-3, 1e-3},
    {"Softplus", {Function::softplus}, -30, 30},
    {"Softsign", {Function::softsign}, -4, 4},
    {"Erf", {Function::erf}, -5, 5},
    {"ErfNearZero", {Function::erf}, -1e-2, 1e-2},
    {"Exp", {Function::exp}, -20, 10},
    {"Log", {Function::log}, 0.01, 20},
    {"LogNearOne", {Function::log}, 0.9, 1.1},
    {"Sqrt", {Function::sqrt}, 0.01, 4},
    {"Reciprocal", {Function::reciprocal}, 0.3, 3},
    {"Abs", {Function::abs}, -2, 2},
    {"Square", {Function::power, 2, 0}, -3, 3},
    {"Cube", {Function::power, 3, 0}, -3, 3},
    {"SquareRoot", {Function::power, 0.5F, 0}, 0.01, 4},
    {"Power", {Function::power, -1.75F, 0}, 0.2, 3},
    {"ZerothPower", {Function::power, 0, 0}, -3, 3},
    {"Linear", {Function::linear, -2, 3}, -2, 2},
};

class FunctionTest : public ::testing::TestWithParam<FunctionCase> {};

TEST_P(FunctionTest, IsTheReferences) {
  const FunctionCase &test = GetParam();
  const Tensor input = random_tensor(2, 37, 5, 7, 1, test.low, test.high);
  for (const bool exact : {false, true}) {
    NetworkOptions options;
    options.exact_decisions = exact;
    Graph graph = graph_with_input();
    options.targets = {push(graph, test.op, {0})};
    expect_like_reference(graph, reference::rounded(input), options, 1e-6);
  }
}

// Values as small as these must not be the differences of large ones.
TEST_P(FunctionTest, EveryValueIsRightByItself) {
  const FunctionCase &test = GetParam();
  const Tensor input = reference::rounded(random_tensor(1, 3, 17, 19, 2, test.low, test.high));
  Graph graph = graph_with_input();
  NetworkOptions options;
  options.targets = {push(graph, test.op, {0})};
  options.input = {input.c, input.h, input.w};
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, options);
  net.run(input);
  const Tensor y = net.output(0);
  for (std::size_t i = 0; i < input.data.size(); ++i) {
    const double want = reference::value(test.op, input.data[i]);
    // An argument rounds too: e^x and the like amplify that by x.
    const double amplified = std::abs(input.data[i] * reference::slope(test.op, input.data[i]));
    EXPECT_NEAR(y.data[i], want, 4e-7 * (std::abs(want) + amplified) + 1e-37) << input.data[i];
  }
}

INSTANTIATE_TEST_SUITE_P(All, FunctionTest, ::testing::ValuesIn(functions),
                         [](const auto &test) { return test.param.name; });

TEST(ElementwiseTest, UnaryOnTheWay) {
  check_op(Unary{Function::silu}, random_tensor(3, 33, 3, 5, 1, -4, 4));
  check_op(Unary{Function::leaky_relu, 0.25F, 0}, quarters(random_tensor(1, 5, 3, 7, 1)));
}

TEST(ElementwiseTest, FunctionsAtTheEnds) {
  const Tensor input = reference::from_floats({-1e30F, -1000, -100, -0.0F, 0, 100, 1000, 1e30F}, 1, 1, 2, 4);
  for (const Function function : {Function::sigmoid, Function::silu, Function::gelu, Function::mish, Function::tanh,
                                  Function::softplus, Function::softsign, Function::erf, Function::elu}) {
    SCOPED_TRACE(static_cast<int>(function));
    Graph graph = graph_with_input();
    NetworkOptions options;
    options.targets = {push(graph, Unary{function}, {0})};
    expect_like_reference(graph, input, options);
  }
}

TEST(ElementwiseTest, PRelu) {
  check_op(PRelu{reference::random_floats(37, 1)}, random_tensor(2, 37, 5, 7, 2));
  check_op(PRelu{reference::random_floats(3, 1)}, random_tensor(1, 3, 4, 1, 2));
}

} // namespace
} // namespace convscope
