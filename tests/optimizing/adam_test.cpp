#include "reference/adam.h"

#include <limits>

#include "optimizing/optimizing.h"
#include "visualization/optimizer_steps.h"

namespace convscope {
namespace {

constexpr int height = 7, width = 9, history = 4;

Recipe pixel_recipe(double clip_norm) {
  Recipe recipe;
  recipe.parameterization = ParameterizationKind::pixel;
  recipe.clip_norm = clip_norm;
  return recipe;
}

// An optimizer whose gradients and values come from the test.
class Ascent {
public:
  Ascent(const Recipe &recipe, const std::vector<float> &start, int images)
      : batch(images), parameterization(programs(), recipe, batch, {3, height, width}), plan(programs(), "ascent"),
        tensors(parameterization.make_tensors(plan)),
        optimizer(plan, recipe, parameterization, batch, history, recipe.steps),
        values(plan.persistent("values", std::size_t(batch) * 3 * sizeof(float))) {
    optimizer.append_advance(height, width, height, width);
    parameterization.append_gradient(plan, tensors, optimizer.gradient_partials());
    optimizer.append_update(tensors, values, 3);
    plan.allocate();
    write(plan, tensors.parameters, start);
    parameterization.write_tables(plan, tensors);
    optimizer.write_start(std::vector<std::array<std::uint32_t, 2>>(std::size_t(batch)), recipe.lr);
    recording.emplace(plan.record(Variant::usual));
  }

  void step(const std::vector<float> &gradient, const std::vector<float> &parts) {
    write(plan, tensors.work, gradient);
    write(plan, values, parts);
    recording->run("the test's step");
  }
  std::vector<float> parameters() const { return plan.read_all<float>(tensors.parameters); }

  int batch;
  Parameterization parameterization;
  Plan plan;
  Parameterization::Tensors tensors;
  OptimizerSteps optimizer;
  TensorId values;
  std::optional<vulkan::Recording> recording;
};

using AdamTest = Optimizing;

TEST_F(AdamTest, ManyStepsAreTheReferences) {
  for (const double clip_norm : {0.0, 1.0}) {
    auto expected = reference::random_tensor(3, 3, height, width, 1);
    Ascent ascent(pixel_recipe(clip_norm), reference::to_floats(expected), 3);
    reference::Adam adam;
    for (unsigned step = 0; step < 60; ++step) {
      auto gradient = reference::random_tensor(3, 3, height, width, 10 + step % 7, -0.1, 0.1);
      for (std::size_t i = 0; i < gradient.data.size() / 3; ++i) // one image is clipped now and then, one never
        gradient.data[i] *= 1e-4;
      const auto floats = reference::to_floats(gradient);
      gradient = reference::from_floats(floats, 3, 3, height, width);
      ascent.step(floats, std::vector<float>(9, 0.5F));
      if (clip_norm > 0)
        reference::clip_gradient(gradient, clip_norm);
      adam.ascend(expected, gradient);
      ASSERT_LT(relative_error(ascent.parameters(), expected), 2e-6) << step;
    }
  }
}

TEST_F(AdamTest, NadamAndAFallingRateAreTheReferences) {
  for (const bool nadam : {false, true}) {
    Recipe recipe = pixel_recipe(0);
    recipe.optimizer = nadam ? OptimizerKind::nadam : OptimizerKind::adam;
    recipe.schedule = Schedule::cosine;
    recipe.steps = 40;
    auto expected = reference::random_tensor(2, 3, height, width, 1);
    Ascent ascent(recipe, reference::to_floats(expected), 2);
    reference::Adam adam;
    adam.nesterov = nadam;
    adam.cosine_steps = recipe.steps;
    for (unsigned step = 0; step < 40; ++step) {
      const auto gradient = reference::rounded(reference::random_tensor(2, 3, height, width, 10 + step % 7, -0.1, 0.1));
      ascent.step(reference::to_floats(gradient), std::vector<float>(6, 0.5F));
      adam.ascend(expected, gradient);
      ASSERT_LT(relative_error(ascent.parameters(), expected), 2e-6) << step << nadam;
    }
  }
}

TEST_F(AdamTest, BiasCorrectionsHoldForLongRuns) {
  auto expected = reference::random_tensor(1, 3, height, width, 2);
  const auto gradient = reference::from_floats(reference::random_floats(expected.data.size(), 3), 1, 3, height, width);
  Ascent ascent(pixel_recipe(0), reference::to_floats(expected), 1);
  reference::Adam adam;
  const std::vector<float> parts(3, 0.0F);
  for (int step = 0; step < 3000; ++step) {
    ascent.step(reference::to_floats(gradient), parts);
    adam.ascend(expected, gradient);
  }
  EXPECT_LT(relative_error(ascent.parameters(), expected), 1e-4); // both are 150 away from the start
}

TEST_F(AdamTest, HistoryIsARing) {
  Ascent ascent(pixel_recipe(1), std::vector<float>(2 * 3 * height * width), 2);
  std::vector<float> gradient(2 * 3 * height * width);
  gradient[5] = 3;
  gradient[gradient.size() - 1] = 4;
  for (int step = 0; step < 6; ++step)
    ascent.step(gradient, {float(step), 0.25F, 0, 0, 0, -float(step)});
  const auto moments = ascent.optimizer.read_history();
  for (int step = 2; step < 6; ++step) {
    EXPECT_EQ(moments[std::size_t(step % history * 2)].value, float(step) + 0.25F);
    EXPECT_EQ(moments[std::size_t(step % history * 2 + 1)].value, -float(step));
    EXPECT_EQ(moments[std::size_t(step % history * 2)].norm, 3);
    EXPECT_EQ(moments[std::size_t(step % history * 2 + 1)].norm, 4);
  }
}

TEST_F(AdamTest, AnImageStopsBeforeWhatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::size_t size = 3 * height * width;
  const auto start = reference::random_floats(3 * size, 4);
  Ascent ascent(pixel_recipe(1), start, 3);
  std::vector<std::vector<float>> seen{ascent.parameters()}; // before each step
  for (int step = 0; step < 6; ++step) {
    auto gradient = reference::random_floats(3 * size, 20 + unsigned(step));
    std::vector<float> parts(9, 1.0F);
    if (step >= 3)
      gradient[size + 11] = nan; // image 1
    if (step == 2)
      parts[7] = infinity; // image 2, and its values are fine again later
    ascent.step(gradient, parts);
    seen.push_back(ascent.parameters());
  }
  const auto images = ascent.optimizer.read_images();
  EXPECT_EQ(images[0].stopped, -1);
  EXPECT_EQ(images[1].stopped, 3);
  EXPECT_EQ(images[2].stopped, 2);
  const auto part = [&](std::size_t step, std::size_t n) {
    const auto from = seen[step].begin() + std::ptrdiff_t(n * size);
    return std::vector<float>(from, from + std::ptrdiff_t(size));
  };
  EXPECT_NE(part(6, 0), part(5, 0));
  EXPECT_EQ(part(6, 1), part(2, 1)); // what gave the last good value
  EXPECT_EQ(part(6, 2), part(1, 2));
}

} // namespace
} // namespace convscope
