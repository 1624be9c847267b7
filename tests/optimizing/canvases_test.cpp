// Canvases that grow and shrink with the scale.
#include "visualization/canvases.h"

#include <cmath>
#include <set>

#include "optimizing/expected.h"
#include "optimizing/toy_optimization.h"
#include "reference/network.h"
#include "reference/parameterization.h"
#include "visualization/parameterization.h"
#include "visualization/random.h"

namespace convscope {
namespace {

using CanvasesTest = OptimizationTest;

// Lucid's steps in double, each on the canvas that its scale makes: the map, its adjoint, and all between.
TEST_F(CanvasesTest, StepsOnScaledCanvasesAreTheReferences) {
  options.height = 22;
  options.width = 25;
  options.seed = 3;
  Recipe by = recipe("lucid");
  by.parameterization = ParameterizationKind::pixel;
  by.decorrelate_colours = false;
  by.revive_steps = 0;
  const int pixels = options.height * options.width;
  options.init = Array{{1, 3, options.height, options.width}, reference::random_floats(std::size_t(3 * pixels), 9)};
  Optimization optimization = make({"add.3:1"}, by);
  const Objective objective = parse_objective("add.3:1", graph);
  const auto key = philox_key(options.seed, objective.canonical);
  const Canvases canvases(by, {3, options.height, options.width}, false, options.seed, [](Size) { return true; });
  std::set<std::size_t> drawn;
  for (int step = 0; step < 12; ++step) {
    const auto image = reference::from_floats(optimization.images().data, 1, 3, options.height, options.width);
    const Array before = optimization.state().first_moments;
    const Canvas &canvas = canvases.all()[canvases.drawn(step)];
    drawn.insert(canvases.drawn(step));
    const double scale = by.scale.values[std::size_t(*canvas.scale)];
    const reference::Affine map = drawn_map(by, step, key, options.height, options.width, 0, scale);
    const auto input = preprocessed(
        reference::sample_affine(image, {map}, canvas.size.height, canvas.size.width, reference::Outside::Grey),
        graph.preprocessing);
    const auto ascent = reference::input_gradient(graph, input, objective.terms[0].layer,
                                                  {{reference::Objective::Kind::ChannelMean, 1, 0, 0}});
    auto gradient = reference::sample_affine_adjoint(preprocessed_adjoint(ascent.gradient, graph.preprocessing), {map},
                                                     options.height, options.width, reference::Outside::Grey);
    optimization.step();
    EXPECT_NEAR(optimization.progress()[0].values.back(), ascent.values[0], 1e-4 * std::abs(ascent.values[0])) << step;
    // What Adam's first moment gained is the gradient.
    const Array after = optimization.state().first_moments;
    const double gain = image_gain(by, 3);
    std::vector<float> actual;
    for (std::size_t i = 0; i < after.data.size(); ++i) {
      actual.push_back(float((after.data[i] - 0.9 * before.data[i]) / 0.1));
      gradient.data[i] *= gain * image.data[i] * (1 - image.data[i]);
    }
    EXPECT_LT(relative_error(actual, gradient), 1e-3) << step;
  }
  EXPECT_GT(drawn.size(), 4U);
}

// Canvases that a net can't take have the next size that it can.
TEST_F(CanvasesTest, NoCanvasIsTooSmallForTheNet) {
  Window window;
  window.kernel_h = window.kernel_w = 27;
  graph = Graph{};
  graph.nodes.push_back({"input", "", Input{}, {}, true, 0});
  graph.nodes.push_back(
      {"wide", "", Conv{1, 1, window, reference::random_floats(3 * 27 * 27, 3, -0.1, 0.1), {}}, {0}, true, 0});
  graph.preprocessing = {{0, 1, 2}, {1, 1, 1}, {0, 0, 0}, "as it is"};
  options.height = options.width = 16; // canvases of 24 to 31
  Optimization optimization = make({"wide:0"}, recipe("lucid"));
  optimization.step(30);
  EXPECT_EQ(optimization.progress()[0].state, Progress::State::running);
  options.height = options.width = 12;
  EXPECT_NE(failure({"wide:0"}, recipe("lucid")), "no error");
}

// Canvases of all sizes have the weights as one has them, however small or large a map is there.
TEST_F(CanvasesTest, CanvasesShareWeights) {
  Window window;
  window.kernel_h = window.kernel_w = 3;
  window.pad = {1, 1, 1, 1};
  Window strided = window;
  strided.stride_h = strided.stride_w = 3;
  graph = Graph{};
  graph.nodes.push_back({"input", "", Input{}, {}, true, 0});
  graph.nodes.push_back(
      {"first", "", Conv{32, 1, strided, reference::random_floats(32 * 3 * 9, 3, -0.1, 0.1), {}}, {0}, true, 0});
  for (const int layer : {1, 2})
    graph.nodes.push_back({layer == 1 ? "second" : "third",
                           "",
                           Conv{32, 1, window, reference::random_floats(32 * 32 * 9, 4, -0.1, 0.1), {}},
                           {layer},
                           true,
                           0});
  graph.preprocessing = {{0, 1, 2}, {1, 1, 1}, {0, 0, 0}, "as it is"};
  Recipe lucid = recipe("lucid"), one = lucid;
  one.scale.values = {1};
  const auto bytes = [&](const Recipe &by) {
    Weights own(programs().device());
    const auto before = programs().device().memory_used();
    const Optimization optimization(programs(), own, graph, {parse_objective("third:1", graph)}, by, options);
    return programs().device().memory_used() - before;
  };
  for (const Precision precision : {Precision::fp32, Precision::fast, Precision::fp16})
    for (const int side : {10, 16, 60}) { // maps of 6 to 8, 8 to 11 and 21 to 27 a side
      options.precision = precision;
      options.height = options.width = side;
      EXPECT_EQ(bytes(lucid), bytes(one)) << side;
    }
}

// A unit of the map at scale 1 is in every canvas's map.
TEST_F(CanvasesTest, PositionsAreOfTheWholeImage) {
  options.height = 16;
  options.width = 20;
  Optimization optimization = make({"conv1:2@31,27"}, recipe("lucid"));
  optimization.step(30);
  EXPECT_EQ(optimization.progress()[0].state, Progress::State::running);
  EXPECT_NE(failure({"conv1:2@32,27"}, recipe("lucid")).find("x is 0 to 31"), std::string::npos);
}

} // namespace
} // namespace convscope
