// What the net sees of images with an opacity, and the gradient of O (1 - mean opacity), by central differences.
#include "visualization/opacity_steps.h"

#include "optimizing/opacity.h"
#include "optimizing/optimizing.h"
#include "optimizing/toy_net.h"
#include "visualization/optimization.h"
#include "visualization/parameterizations/cppn.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {
namespace {

using OpacityTest = Optimizing;
using Key = std::array<std::uint32_t, 2>;

std::vector<double> values_of(const reference::Tensor &seen, const reference::Tensor &upstream) {
  std::vector<double> values(std::size_t(seen.n));
  for (std::size_t i = 0; i < seen.data.size(); ++i)
    values[i * values.size() / seen.data.size()] += seen.data[i] * upstream.data[i];
  return values;
}

TEST_F(OpacityTest, AnObjectiveCountsByWhatIsClear) {
  constexpr int batch = 2, step = 5, parts = 3;
  for (const auto &[colours, rgb] :
       {std::pair(3, false), std::pair(3, true), std::pair(1, false), std::pair(6, false)}) {
    SCOPED_TRACE(std::to_string(colours) + (rgb ? ", rgb" : ""));
    const Shape image{colours, 9, 13}, whole{colours + 1, 9, 13};
    Recipe recipe;
    set_parameterization(recipe, ParameterizationKind::pixel);
    recipe.decorrelate_colours = !rgb;
    const reference::Tensor planes = reference::random_tensor(batch, whole.c, whole.h, whole.w, 3);
    const reference::Tensor upstream = reference::random_tensor(batch, image.c, image.h, image.w, 4);
    const std::vector<Key> keys{{7, 8}, {9, 1000000}};
    const reference::Tensor behind = backdrop(keys, image, step, decorrelates(recipe, colours));
    const auto objective = [&](const reference::Tensor &from) { // of the batch
      const reference::Tensor made = painted_with_opacity(from, recipe);
      const std::vector<double> values = values_of(seen(made, behind), upstream), clear = clear_shares(made);
      return values[0] * clear[0] + values[1] * clear[1];
    };

    Parameterization parameterization(programs(), recipe, batch, whole, nullptr, true);
    Plan plan(programs(), "opacity");
    const auto tensors = parameterization.make_tensors(plan);
    const auto persistent = [&](std::size_t bytes) { return plan.persistent("given", bytes); };
    const std::size_t bytes = std::size_t(batch) * std::size_t(image.elements()) * 4;
    const TensorId state = persistent(sizeof(gpu::StepState)), images = persistent(batch * sizeof(gpu::ImageState));
    const TensorId shown = persistent(bytes), given = persistent(bytes), values = persistent(batch * parts * 4);
    OpacitySteps steps(recipe, batch, image);
    parameterization.append_image(plan, tensors);
    plan.copy(steps.append_seen(plan, tensors.image, state, images), shown);
    steps.append_gradient(plan, given, tensors.image, values, parts, tensors.work, parameterization);
    plan.allocate();
    parameterization.write_tables(plan, tensors);
    const reference::Tensor made = painted_with_opacity(planes, recipe), expected = seen(made, behind);
    write(plan, tensors.parameters, reference::to_floats(planes));
    write(plan, state, std::vector<gpu::StepState>{{step + 1, 0, 0, 0, 0, 0, 0, 0}});
    write(plan, images, std::vector<gpu::ImageState>{{keys[0][0], keys[0][1], -1, 1}, {keys[1][0], keys[1][1], -1, 1}});
    write(plan, given, reference::to_floats(upstream));
    std::vector<float> in_parts; // of which the objective's value is the sum
    for (const double value : values_of(expected, upstream))
      in_parts.insert(in_parts.end(), {float(value) - 2, 1.5F, 0.5F});
    write(plan, values, in_parts);
    plan.record(Variant::usual).run("the test's opacity");
    EXPECT_LT(relative_error(plan.read_all<float>(tensors.image), made), 1e-6);
    EXPECT_LT(relative_error(plan.read_all<float>(shown), expected), 1e-6);

    reference::Tensor differences = planes;
    differences.data = reference::central_differences(planes.data, [&](const std::vector<double> &numbers) {
      reference::Tensor moved = planes;
      moved.data = numbers;
      return objective(moved);
    });
    EXPECT_LT(relative_error(plan.read_all<float>(tensors.work), differences), 1e-5);
  }
}

Array optimized(const std::vector<std::string> &objectives, const Recipe &recipe, int steps) {
  static Weights weights(programs().device());
  const Graph graph = toy_net();
  std::vector<Objective> all;
  for (const std::string &text : objectives)
    all.push_back(parse_objective(text, graph));
  OptimizationOptions options;
  options.height = 14;
  options.width = 11;
  options.opacity = true;
  Optimization optimization(programs(), weights, graph, all, recipe, options);
  EXPECT_EQ(optimization.planes(), 4);
  optimization.step(steps);
  return optimization.images();
}

TEST_F(OpacityTest, AnImageAloneEqualsItselfInABatch) {
  for (const char *name : {"plain", "lucid"})
    for (const ParameterizationForm &form : parameterization_forms()) {
      if (form.coupled)
        continue;
      Recipe by = recipe(name);
      set_parameterization(by, form.kind);
      const Array both = optimized({"conv1:1 - 0.1*tv", "conv1:2 - 0.1*tv"}, by, 3);
      EXPECT_EQ(both.shape, (std::vector<std::int64_t>{2, 4, 14, 11}));
      const Array second = optimized({"conv1:2 - 0.1*tv"}, by, 3);
      EXPECT_TRUE(std::equal(second.data.begin(), second.data.end(), both.data.begin() + std::ssize(both.data) / 2))
          << name << ", " << form.name;
    }
}

// What is not looked at clears, as it costs.
TEST_F(OpacityTest, WhatIsNotNeededClears) {
  const Array image = optimized({"conv1:1@2,2"}, recipe("plain"), 60);
  const auto opacity = [&](int y, int x) { return image.data[std::size_t((3 * 14 + y) * 11 + x)]; };
  double far = 0;
  for (int x = 4; x < 11; ++x)
    far += opacity(12, x) / 7;
  EXPECT_GT(opacity(2, 2), 2 * far);
}

TEST_F(OpacityTest, WhatMatteredIsTheSumOfAllSteps) {
  constexpr int batch = 2;
  const Shape image{3, 5, 11};
  Plan plan(programs(), "saliency");
  const TensorId gradient = plan.persistent("gradient", batch * 3 * 55 * 4),
                 saliency = plan.persistent("s", batch * 55 * 4);
  append_saliency(plan, batch, image, gradient, saliency);
  plan.allocate();
  write(plan, saliency, std::vector<float>(batch * 55));
  std::vector<float> expected(batch * 55);
  const vulkan::Recording recording = plan.record(Variant::usual);
  for (unsigned step = 0; step < 3; ++step) {
    const std::vector<float> g = reference::random_floats(batch * 3 * 55, step);
    write(plan, gradient, g);
    recording.run("the test's saliency");
    for (std::size_t i = 0; i < g.size(); ++i)
      expected[i / 165 * 55 + i % 55] += std::abs(g[i]);
  }
  EXPECT_LT(relative_error(plan.read_all<float>(saliency), expected), 1e-6);
}

TEST(WithOpacity, TheFifthThatMatteredMostIsOpaque) {
  Array images{{2, 1, 2, 5}, std::vector<float>(20, 0.25F)};
  std::vector<float> saliency(20);
  for (std::size_t i = 0; i < 10; ++i)
    saliency[i] = float(i + 1);
  const Array result = with_opacity(images, saliency);
  EXPECT_EQ(result.shape, (std::vector<std::int64_t>{2, 2, 2, 5}));
  EXPECT_EQ(result.data[9], 0.25F);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_FLOAT_EQ(result.data[10 + i], std::min(float(i + 1) / 8, 1.0F));
    EXPECT_EQ(result.data[30 + i], 1); // of which nothing is known
  }
}

// Of phases the opacity is where gradients were, alone or in a batch.
TEST_F(OpacityTest, PhasesAreOpaqueWhereTheyMattered) {
  Recipe maco = recipe("plain");
  set_parameterization(maco, ParameterizationKind::maco);
  const Array image = optimized({"conv1:1@2,2"}, maco, 3);
  ASSERT_EQ(image.shape, (std::vector<std::int64_t>{1, 4, 14, 11}));
  const auto opacity = [&](int y, int x) { return image.data[std::size_t((3 * 14 + y) * 11 + x)]; };
  for (int y = 0; y < 14; ++y)
    for (int x = 0; x < 11; ++x)
      EXPECT_EQ(opacity(y, x) > 0, y >= 1 && y <= 3 && x >= 1 && x <= 3) << y << ", " << x; // what the unit sees
  const Array both = optimized({"conv1:2@2,2", "conv1:1@2,2"}, maco, 3);
  EXPECT_TRUE(std::equal(image.data.begin(), image.data.end(), both.data.begin() + std::ssize(image.data)));
}

} // namespace
} // namespace convscope
