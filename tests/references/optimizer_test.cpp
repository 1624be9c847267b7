#include "check.h"
#include "reference/adam.h"
#include "reference/objective.h"
#include "reference/philox.h"

namespace convscope::reference {
namespace {

TEST(ReferenceAdam, ConstantGradientMovesByTheLearningRate) {
  Tensor parameters(1, 1, 1, 2);
  Tensor grad(1, 1, 1, 2);
  grad.data = {3, -0.01};
  Adam adam;
  for (int step = 1; step <= 5; ++step) { // bias-corrected moments are the gradient and its square
    adam.ascend(parameters, grad);
    EXPECT_NEAR(parameters.data[0], 0.05 * step, 1e-8);
    EXPECT_NEAR(parameters.data[1], -0.05 * step, 1e-6);
  }
}

TEST(ReferenceAdam, TwoStepsByHand) {
  Tensor parameters(1, 1, 1, 1, 1.0);
  Adam adam;
  adam.lr = 0.1;
  adam.ascend(parameters, Tensor(1, 1, 1, 1, 2.0));
  adam.ascend(parameters, Tensor(1, 1, 1, 1, -1.0));
  double m = (0.9 * 0.1 * 2 - 0.1) / (1 - 0.81), v = (0.999 * 0.001 * 4 + 0.001) / (1 - 0.998001);
  EXPECT_NEAR(parameters.data[0], 1 + 0.1 * 2 / (2 + 1e-8) + 0.1 * m / (std::sqrt(v) + 1e-8), 1e-12);
}

TEST(ReferenceAdam, ClimbsToTheTop) {
  Tensor parameters = random_tensor(1, 3, 2, 2, 1);
  Adam adam;
  for (int step = 0; step < 2000; ++step) {
    Tensor grad = parameters; // of -|p - 0.5|^2 / 2
    for (double &g : grad.data)
      g = 0.5 - g;
    adam.ascend(parameters, grad);
  }
  for (double p : parameters.data)
    EXPECT_NEAR(p, 0.5, 1e-3);
}

TEST(ReferenceAdam, ClipsEachImageAlone) {
  Tensor grad(3, 1, 1, 2);
  grad.data = {3, 4, 0.3, 0.4, 0, 0};
  clip_gradient(grad, 1);
  EXPECT_NEAR(grad.data[0], 0.6, 1e-15);
  EXPECT_NEAR(grad.data[1], 0.8, 1e-15);
  EXPECT_EQ(grad.data[2], 0.3);
  EXPECT_EQ(grad.data[3], 0.4);
  EXPECT_EQ(grad.data[4], 0);
}

TEST(ReferenceObjective, ByHand) {
  Tensor layer(3, 2, 1, 2);
  layer.data = {1, 2, 3, 5, 1, 2, 3, 5, 1, 2, 3, 5};
  std::vector<double> values = objective_values(
      layer, {{Objective::Kind::ChannelMean, 1}, {Objective::Kind::Unit, 0, 1, 0}, {Objective::Kind::MeanSquare}});
  EXPECT_EQ(values, (std::vector<double>{4, 2, 39.0 / 4}));
}

TEST(ReferenceObjective, FiniteDifferences) {
  Tensor layer = random_tensor(3, 4, 3, 5, 1);
  std::vector<Objective> objectives = {
      {Objective::Kind::ChannelMean, 2}, {Objective::Kind::Unit, 3, 4, 1}, {Objective::Kind::MeanSquare}};
  auto sum = [&](const Tensor &t) {
    std::vector<double> values = objective_values(t, objectives);
    return values[0] + values[1] + values[2];
  };
  expect_gradient(sum, layer, objective_gradient(layer, objectives));
}

TEST(ReferencePhilox, KnownAnswers) { // the authors' published vectors
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

} // namespace
} // namespace convscope::reference
