#include "check.h"
#include "reference/functions.h"

namespace convscope::reference {
namespace {

struct FunctionCase {
  Unary op;
  double low, high; // where it is defined and smooth, but for kinks that random numbers miss
};

const std::vector<FunctionCase> functions = {
    {{Function::leaky_relu, 0.2F, 0}, -3, 3},
    {{Function::elu, 1.5F, 0}, -3, 3},
    {{Function::selu, 1.67F, 1.05F}, -3, 3},
    {{Function::celu, 0.7F, 0}, -3, 3},
    {{Function::thresholded, 0.5F, 0}, -2, 2},
    {{Function::sigmoid}, -6, 6},
    {{Function::hard_sigmoid, 0.2F, 0.5F}, -4, 4},
    {{Function::hard_swish, 1.0F / 6, 0.5F}, -5, 5},
    {{Function::silu}, -6, 6},
    {{Function::gelu}, -5, 5},
    {{Function::gelu_tanh}, -5, 5},
    {{Function::mish}, -6, 6},
    {{Function::tanh}, -4, 4},
    {{Function::softplus}, -6, 6},
    {{Function::softsign}, -4, 4},
    {{Function::erf}, -3, 3},
    {{Function::exp}, -3, 3},
    {{Function::log}, 0.1, 4},
    {{Function::sqrt}, 0.1, 4},
    {{Function::reciprocal}, 0.3, 3},
    {{Function::abs}, -2, 2},
    {{Function::power, 3, 0}, -2, 2},
    {{Function::power, -1.5F, 0}, 0.3, 3},
    {{Function::power, 0, 0}, -2, 2},
    {{Function::clip, -0.5F, 1}, -2, 2},
    {{Function::linear, -2, 3}, -2, 2},
};

TEST(ReferenceFunctions, ByHand) {
  EXPECT_NEAR(value({Function::gelu}, 1), 0.8413447460685429, 1e-15);
  EXPECT_NEAR(value({Function::mish}, 1), 0.8650983882673103, 1e-15);
  EXPECT_NEAR(value({Function::softplus}, 0), std::log(2), 1e-15);
  EXPECT_NEAR(value({Function::hard_swish, 1.0F / 6, 0.5F}, 1), 2.0 / 3, 1e-7);
  EXPECT_EQ(value({Function::softplus}, 1000), 1000); // nothing overflows
  EXPECT_EQ(value({Function::silu}, -1000), 0);
  EXPECT_EQ(slope({Function::clip, -1, 1}, 1), 0);
  EXPECT_EQ(slope({Function::abs}, 0), 0);
  const Unary round{Function::round, 0.5F, 0};
  for (const auto &[x, y] :
       std::vector<std::pair<double, double>>{{1, 0}, {3, 2}, {5, 2}, {-3, -2}, {5.1, 3}, {-0.9, 0}}) {
    EXPECT_EQ(value(round, x), y) << x;
    EXPECT_EQ(slope(round, x), 0.5) << x;
  }
}

TEST(ReferenceFunctions, FiniteDifferences) {
  for (const FunctionCase &test : functions) {
    SCOPED_TRACE(int(test.op.function));
    Tensor x = random_tensor(2, 3, 4, 5, 1, test.low, test.high), upstream = random_tensor(2, 3, 4, 5, 2);
    expect_gradient([&](const Tensor &t) { return dot(unary(t, test.op), upstream); }, x,
                    unary_gradient(upstream, x, test.op));
  }
  PRelu slopes{{0.25F, -0.5F, 2}};
  Tensor x = random_tensor(2, 3, 4, 5, 3), upstream = random_tensor(2, 3, 4, 5, 4);
  expect_gradient([&](const Tensor &t) { return dot(prelu(t, slopes), upstream); }, x,
                  prelu_gradient(upstream, x, slopes));
}

TEST(ReferenceBinary, ByHand) {
  Tensor map = from_floats({1, 2, 3, 4}, 1, 2, 1, 2), channels = from_floats({10, 20}, 1, 2, 1, 1);
  EXPECT_EQ(binary(map, channels, {Arithmetic::multiply}).data, (std::vector<double>{10, 20, 60, 80}));
  EXPECT_EQ(binary(channels, map, {Arithmetic::subtract}).data, (std::vector<double>{9, 8, 17, 16}));
  const BinaryGradients tie = binary_gradients(map, map, map, {Arithmetic::maximum});
  EXPECT_EQ(tie.a.data, map.data);
  EXPECT_EQ(tie.b.data, (std::vector<double>(4, 0)));
}

TEST(ReferenceBinary, FiniteDifferences) {
  struct Sides {
    int c, h, w;
  };
  for (Arithmetic arithmetic : {Arithmetic::add, Arithmetic::subtract, Arithmetic::multiply, Arithmetic::divide,
                                Arithmetic::maximum, Arithmetic::minimum, Arithmetic::power})
    for (const auto &[one, other] : std::vector<std::pair<Sides, Sides>>{
             {{2, 3, 4}, {2, 3, 4}}, {{2, 3, 4}, {2, 1, 1}}, {{1, 3, 4}, {2, 3, 4}}, {{2, 1, 4}, {1, 3, 1}}}) {
      SCOPED_TRACE(int(arithmetic));
      Tensor a = random_tensor(2, one.c, one.h, one.w, 1, 0.3, 2);
      Tensor b = random_tensor(2, other.c, other.h, other.w, 2, 0.3, 2);
      const Binary op{arithmetic};
      Tensor upstream = random_tensor(2, 2, 3, 4, 3);
      const BinaryGradients gradients = binary_gradients(upstream, a, b, op);
      expect_gradient([&](const Tensor &t) { return dot(binary(t, b, op), upstream); }, a, gradients.a);
      expect_gradient([&](const Tensor &t) { return dot(binary(a, t, op), upstream); }, b, gradients.b);
    }
}

} // namespace
} // namespace convscope::reference
