#include "visualization/optimization.h"
#include "visualization/parameters_of.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <numeric>

#include <nlohmann/json.hpp>

#include "importer/zoo.h"
#include "io/npy.h"
#include "optimizing/expected.h"
#include "optimizing/toy_optimization.h"
#include "reference/adam.h"
#include "reference/network.h"
#include "reference/parameterization.h"
#include "visualization/parameterization.h"
#include "visualization/random.h"

namespace convscope {
namespace {

// The whole chain in double: spectrum, colours, preprocessing, net, objective, and back; then Adam.
TEST_F(OptimizationTest, PlainStepsAreTheReferences) {
  options.height = 12;
  options.width = 10;
  const auto start = reference::random_tensor(1, 3, 12, 12, 3, -0.02, 0.02);
  options.init = Array{{1, 3, 12, 6, 2}, reference::to_floats(start)};
  Optimization optimization = make({"add.3:1"}, recipe("plain"));
  auto spectrum = reference::from_floats(options.init->data, 1, 3, 12, 12);
  reference::Adam adam;
  const NodeId layer = parse_objective("add.3:1", graph).terms[0].layer;
  const Preprocessing &by = graph.preprocessing;
  for (int step = 0; step < 5; ++step) {
    const auto image = reference::image_from_spectrum(spectrum, 10);
    EXPECT_LT(relative_error(optimization.images().data, image), 1e-4) << step;
    reference::Tensor input = image;
    for (std::size_t i = 0; i < input.data.size(); ++i)
      input.data[i] =
          image.data[std::size_t(by.source[i / 120]) * 120 + i % 120] * by.scale[i / 120] + by.shift[i / 120];
    const auto ascent =
        reference::input_gradient(graph, input, layer, {{reference::Objective::Kind::ChannelMean, 1, 0, 0}});
    reference::Tensor gradient(1, 3, 12, 10);
    for (std::size_t i = 0; i < input.data.size(); ++i)
      gradient.data[std::size_t(by.source[i / 120]) * 120 + i % 120] += ascent.gradient.data[i] * by.scale[i / 120];
    adam.ascend(spectrum, reference::spectrum_gradient(gradient, image));
    optimization.step();
    EXPECT_NEAR(optimization.progress()[0].values.back(), ascent.values[0], 1e-4 * std::abs(ascent.values[0]));
  }
  EXPECT_EQ(optimization.steps_done(), 5);
  EXPECT_EQ(optimization.parameters().shape, (std::vector<std::int64_t>{1, 3, 12, 6, 2}));
}

// The same for nets of other inputs than pictures in RGB, and for a size that the Fourier transform can't do: the image
// is the middle of the spectrum's plane.
TEST_F(OptimizationTest, StepsOfAnyPlanesAndSizeAreTheReferences) {
  options.height = 11;
  options.width = 13;
  for (const int planes : {1, 2, 6}) {
    graph = toy_net(planes);
    const Preprocessing &by = graph.preprocessing;
    const auto start = reference::random_tensor(1, planes, 12, 16, 3, -0.02, 0.02);
    options.init = Array{{1, planes, 12, 8, 2}, reference::to_floats(start)};
    Optimization optimization = make({"add.3:1"}, recipe("plain"));
    auto spectrum = reference::from_floats(options.init->data, 1, planes, 12, 16);
    reference::Adam adam;
    const NodeId layer = parse_objective("add.3:1", graph).terms[0].layer;
    const double gain = image_gain(recipe("plain"), planes);
    for (int step = 0; step < 5; ++step) {
      const auto image = reference::planes_from_spectrum(spectrum, 14, 11, 13, gain);
      EXPECT_EQ(optimization.images().shape, (std::vector<std::int64_t>{1, planes, 11, 13}));
      EXPECT_LT(relative_error(optimization.images().data, image), 1e-4) << planes << " planes, step " << step;
      reference::Tensor input = image, gradient(1, planes, 11, 13);
      const auto from = [&](std::size_t i) { return std::size_t(by.source[i / 143]) * 143 + i % 143; };
      for (std::size_t i = 0; i < input.data.size(); ++i)
        input.data[i] = image.data[from(i)] * by.scale[i / 143] + by.shift[i / 143];
      const auto ascent =
          reference::input_gradient(graph, input, layer, {{reference::Objective::Kind::ChannelMean, 1, 0, 0}});
      for (std::size_t i = 0; i < input.data.size(); ++i)
        gradient.data[from(i)] += ascent.gradient.data[i] * by.scale[i / 143];
      adam.ascend(spectrum, reference::planes_gradient(gradient, image, 12, 14, gain));
      optimization.step();
      EXPECT_NEAR(optimization.progress()[0].values.back(), ascent.values[0], 1e-4 * std::abs(ascent.values[0]));
    }
    EXPECT_EQ(optimization.parameters().shape, (std::vector<std::int64_t>{1, planes, 12, 8, 2}));
  }
}

TEST_F(OptimizationTest, AnImageOfAnySizeGoesOnAsIfThereHadBeenNoBreak) {
  graph = toy_net(4);
  options.height = 13;
  options.width = 11;
  Optimization whole = make({"conv1:2"}, recipe("lucid")), first = make({"conv1:2"}, recipe("lucid"));
  whole.step(12);
  first.step(5);
  options.resume = first.state();
  Optimization second = make({"conv1:2"}, recipe("lucid"));
  second.step(7);
  EXPECT_EQ(second.images().data, whole.images().data);
}

TEST_F(OptimizationTest, AnImageAloneEqualsItselfInABatch) {
  options.height = 15;
  options.width = 14;
  for (const std::string name : {"lucid", "article"}) {
    const std::vector<std::string> texts{"conv1:0", "conv1:5@center", "conv1:2"};
    Optimization together = make(texts, recipe(name));
    together.step(20);
    for (std::size_t n = 0; n < texts.size(); ++n) {
      Optimization alone = make({texts[n]}, recipe(name));
      alone.step(20);
      EXPECT_EQ(alone.images().data, image_of(together.images(), n)) << name << " " << texts[n];
      EXPECT_EQ(alone.progress()[0].values, together.progress()[n].values);
    }
    EXPECT_NE(image_of(together.images(), 0), image_of(together.images(), 2));
  }
}

// Central differences in double along the way that one step of plain ascent goes, without decorrelated colours.
TEST_F(OptimizationTest, PlainColoursFollowTheGradient) {
  options.height = options.width = 12;
  Recipe by = recipe("plain");
  by.parameterization = ParameterizationKind::pixel;
  by.decorrelate_colours = false;
  options.init = Array{{1, 3, 12, 12}, reference::random_floats(3 * 144, 9, -0.5, 0.5)};
  const auto value_of = [&](const std::vector<float> &pixels) {
    OptimizationOptions at = options;
    at.init = Array{{1, 3, 12, 12}, pixels};
    Optimization once(programs(), weights, graph, {parse_objective("add.3:1", graph)}, by, at);
    once.step();
    return double(once.progress()[0].values.back());
  };
  Optimization optimization = make({"add.3:1"}, by);
  optimization.step();
  const double norm = optimization.progress()[0].norms.back();
  // Adam's first step is lr * sign(gradient): its moments hold the gradient itself.
  const Array moment = optimization.state().first_moments;
  double length = 0;
  for (const float m : moment.data)
    length += double(m) * m / (0.1 * 0.1);
  EXPECT_NEAR(std::sqrt(length), norm, 1e-4 * norm);
  std::vector<float> up = options.init->data, down = up;
  const double by_length = 0.02;
  for (std::size_t i = 0; i < up.size(); ++i) {
    const double along = moment.data[i] / 0.1 / norm;
    up[i] += float(by_length * along);
    down[i] -= float(by_length * along);
  }
  EXPECT_NEAR((value_of(up) - value_of(down)) / (2 * by_length), norm, 0.02 * norm);
}

TEST_F(OptimizationTest, ResumedEqualsUninterrupted) {
  options.height = 15;
  options.width = 14;
  for (const std::string name : {"lucid", "article"}) {
    const std::vector<std::string> texts{"conv1:0", "conv1:2"};
    Optimization whole = make(texts, recipe(name));
    whole.step(9);
    const OptimizationState state = whole.state();
    EXPECT_EQ(state.steps, 9);
    whole.step(14);
    options.resume = state;
    Optimization resumed = make(texts, recipe(name));
    options.resume.reset();
    resumed.step(14);
    EXPECT_EQ(resumed.steps_done(), 23);
    EXPECT_EQ(resumed.images().data, whole.images().data) << name;
    const auto values = whole.progress()[1].values;
    EXPECT_EQ(resumed.progress()[1].values, std::vector<float>(values.begin() + 9, values.end()));
  }
}

TEST_F(OptimizationTest, TheSeedDecides) {
  options.height = options.width = 12;
  const auto run = [&](std::uint64_t seed) {
    options.seed = seed;
    Optimization optimization = make({"conv1:3"}, recipe("lucid"));
    optimization.step(4);
    return optimization.images().data;
  };
  const auto first = run(1);
  EXPECT_EQ(run(1), first);
  EXPECT_NE(run(2), first);
}

TEST_F(OptimizationTest, ObjectivesGrow) {
  options.height = 24;
  options.width = 20;
  for (const std::string name : {"lucid", "article", "plain"})
    for (const auto kind : {ParameterizationKind::fft, ParameterizationKind::pixel}) {
      Recipe by = recipe(name);
      by.parameterization = kind;
      Optimization optimization = make({"conv1:3 - 0.1*add.3", "conv1:1@center - add.3:2"}, by);
      optimization.step(40);
      for (const Progress &progress : optimization.progress()) {
        ASSERT_EQ(progress.values.size(), 40U);
        // Each step has a transform of its own, hence means.
        EXPECT_GT(std::accumulate(progress.values.end() - 10, progress.values.end(), 0.0),
                  std::accumulate(progress.values.begin(), progress.values.begin() + 10, 0.0))
            << name;
        EXPECT_EQ(progress.state, Progress::State::running);
      }
      for (const float v : optimization.images().data)
        ASSERT_TRUE(v >= 0 && v <= 1);
    }
}

TEST_F(OptimizationTest, InputSizeMakesRoomForTheHead) {
  options.height = options.width = 8;
  EXPECT_NE(failure({"logit:1"}, recipe("plain")), "no error");
  graph.nodes.back().op = Dense{4, reference::random_floats(4 * 6 * 36, 7, -0.2, 0.2), {}};
  options.input_size = square(12);
  for (const std::string name : {"plain", "article"}) {
    Optimization optimization = make({"logit:1"}, recipe(name));
    optimization.step(40);
    EXPECT_EQ(optimization.images().shape, (std::vector<std::int64_t>{1, 3, 8, 8}));
    const Progress progress = optimization.progress()[0];
    EXPECT_GT(progress.values.back(), progress.values.front()) << name;
  }
}

TEST_F(OptimizationTest, DeadUnitsAreTold) {
  auto &conv = std::get<Conv>(graph.nodes[1].op);
  conv.bias.own()[2] = -100; // blocked, whatever the image
  options.height = options.width = 12;
  Optimization optimization = make({"conv1:2", "conv1:3"}, recipe("plain"));
  optimization.step(10);
  EXPECT_EQ(optimization.progress()[0].state, Progress::State::dead);
  EXPECT_EQ(optimization.progress()[1].state, Progress::State::running);
}

// Down to nothing is what was asked for, not death.
TEST_F(OptimizationTest, SilencedUnitsAreNotDead) {
  options.height = options.width = 12;
  Recipe fast = recipe("plain");
  fast.lr = 1;
  auto &conv = std::get<Conv>(graph.nodes[1].op);
  std::fill_n(conv.weights.own().begin() + 2 * 27, 27, 0.2F); // fires on what is bright
  conv.bias.own()[2] = -1;
  Optimization optimization = make({"-conv1:2"}, fast);
  optimization.step(60);
  const Progress progress = optimization.progress()[0];
  ASSERT_LT(progress.values.front(), 0);
  ASSERT_EQ(progress.values.back(), 0);
  EXPECT_EQ(progress.state, Progress::State::running);
  // Nor when the steps in which it fired are not told any more.
  options.history = 8;
  Optimization forgetful = make({"-conv1:2"}, fast);
  forgetful.step(60);
  EXPECT_EQ(forgetful.progress()[0].values, std::vector<float>(8, 0));
  EXPECT_EQ(forgetful.progress()[0].state, Progress::State::running);
  options.resume = optimization.state();
  Optimization resumed = make({"-conv1:2"}, fast);
  resumed.step(20);
  EXPECT_EQ(resumed.progress()[0].state, Progress::State::running);
}

TEST_F(OptimizationTest, LucidRevivesBlockedUnits) {
  auto &conv = std::get<Conv>(graph.nodes[1].op);
  std::fill_n(conv.weights.own().begin() + 2 * 27, 27, 0.2F);
  conv.bias.own()[2] = -1.5; // blocked on grey, which gives 1.35, but not on something brighter
  options.height = options.width = 12;
  Optimization plain = make({"conv1:2"}, recipe("plain")), lucid = make({"conv1:2"}, recipe("lucid"));
  plain.step(40);
  lucid.step(40);
  EXPECT_EQ(plain.progress()[0].state, Progress::State::dead);
  EXPECT_EQ(plain.progress()[0].norms.front(), 0);
  EXPECT_GT(lucid.progress()[0].norms.front(), 0);
  EXPECT_EQ(lucid.progress()[0].state, Progress::State::running);
  EXPECT_GT(lucid.progress()[0].values.back(), 0);
}

TEST_F(OptimizationTest, WhatIsNotFiniteStopsOneImage) {
  options.height = options.width = 12;
  options.lr = 1e38; // the second step's spectrum overflows
  Optimization optimization = make({"conv1:1", "conv1:2"}, recipe("plain"));
  const auto before = optimization.images().data;
  optimization.step(6);
  for (const Progress &progress : optimization.progress()) {
    EXPECT_EQ(progress.state, Progress::State::stopped);
    EXPECT_EQ(progress.stopped_at, 1);
  }
  EXPECT_EQ(optimization.images().data, before);
}

TEST_F(OptimizationTest, HistoryAndLearningRate) {
  options.height = options.width = 12;
  options.history = 8;
  Optimization optimization = make({"conv1:1"}, recipe("article"));
  EXPECT_GT(optimization.planned_bytes(), 0U);
  optimization.step(13);
  EXPECT_EQ(optimization.progress()[0].values.size(), 8U);
  const auto before = optimization.parameters().data;
  optimization.set_lr(1e-30);
  optimization.step();
  EXPECT_EQ(optimization.parameters().data, before);
  EXPECT_EQ(error_of([&] { optimization.set_lr(0); }), "the learning rate must be a positive number, not 0");
  EXPECT_FALSE(optimization.timed_step().empty());
  EXPECT_GT(optimization.flops_per_step(), 0);
}

TEST_F(OptimizationTest, BadOptionsAreRefused) {
  const Recipe plain = recipe("plain");
  const auto contains = [&](const std::string &part) {
    const std::string error = failure({"conv1:1"}, plain);
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  options.height = options.width = 12;
  options.lr = std::numeric_limits<double>::quiet_NaN();
  contains("not nan");
  options.lr = -1;
  contains("positive");
  options.lr.reset();
  options.width = -3;
  contains("not -3");
  options.width = 12;
  options.init = Array{{1, 3, 12, 7}, std::vector<float>(252)};
  contains("have the shape (1, 3, 12, 7), where (1, 3, 12, 7, 2) is needed");
  options.init = Array{{1, 3, 12, 7, 2}, std::vector<float>(504, std::numeric_limits<float>::infinity())};
  contains("not finite");
  options.init.reset();
  options.width = options.height = 4096;
  options.input_size = square(12);
  Recipe many = plain;
  many.steps = 1;
  EXPECT_NE(failure(std::vector<std::string>(16, "conv1:1"), many).find("needs 3223 MB in one piece"),
            std::string::npos);
  options.width = options.height = 12;
  options.input_size = {};
  EXPECT_NE(failure({"conv1:6"}, plain).find("channels 0 to 5"), std::string::npos);
  EXPECT_NE(failure({}, plain), "no error");
}

TEST_F(OptimizationTest, SlicesOfAStepAreTheStep) {
  graph = load_zoo("alexnet", zoo_weights("alexnet")); // the toy's dispatches have but one row of workgroups
  Recipe by = recipe("lucid");
  by.revive_steps = 2;
  options.height = options.width = 54;
  Optimization whole = make({"conv3:1", "conv3:2"}, by);
  options.slicing = Slicing{2e6};
  Optimization sliced = make({"conv3:1", "conv3:2"}, by);
  whole.step(4);
  int slices = 0;
  for (; sliced.steps_done() < 4; ++slices)
    sliced.advance_slice();
  EXPECT_GT(slices, 4 * whole.dispatches_per_step()) << "dispatches are split, too";
  EXPECT_EQ(sliced.images().data, whole.images().data);
}

// More workgroups than an axis must take: each pixel of the image is brightened.
TEST_F(OptimizationTest, LargeImagesAreWhole) {
  Window pixel;
  graph = Graph{};
  graph.nodes.push_back({"input", "", Input{}, {}, true, 0});
  graph.nodes.push_back({"same", "", Conv{3, 1, pixel, {1, 0, 0, 0, 1, 0, 0, 0, 1}, {}}, {0}, true, 0});
  Recipe by = recipe("plain");
  by.parameterization = ParameterizationKind::pixel;
  options.height = options.width = 2048;
  Optimization optimization = make({"same"}, by);
  const Array before = optimization.images();
  optimization.step();
  const Array after = optimization.images();
  std::size_t darker = 0;
  for (std::size_t i = 0; i < before.data.size(); ++i)
    darker += !(after.data[i] > before.data[i]);
  EXPECT_EQ(darker, 0U);
}

TEST_F(OptimizationTest, ParametersOfAnImageShowIt) {
  for (const auto kind : {ParameterizationKind::fft, ParameterizationKind::pixel})
    for (const auto &[planes, height, width] :
         {Shape{3, 12, 20}, Shape{3, 15, 9}, Shape{3, 11, 26}, Shape{1, 11, 1}, Shape{4, 22, 13}}) {
      graph = toy_net(planes);
      Recipe plain = recipe("plain");
      plain.parameterization = kind;
      plain.decay = 0.7;
      Array image{{planes, height, width}, reference::random_floats(std::size_t(planes * height * width), 5)};
      for (float &v : image.data)
        v = 0.5F + 0.45F * v;
      options.height = height;
      options.width = width;
      options.init = parameters_of(image, plain);
      EXPECT_LT(relative_error(make({"conv1:1"}, plain).images().data, image.data), 1e-5) << height << "x" << width;
    }
  EXPECT_THROW(parameters_of({{2, 3}, std::vector<float>(6)}, recipe("plain")), UserError);
}

class OptimizationGolden : public OptimizationTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(OptimizationGolden, AnotherImplementationAgrees) {
  const auto folder = golden_folder() / "optimization";
  std::ifstream file(folder / "meta.json");
  if (!file)
    GTEST_SKIP() << folder << " is not there";
  const auto run = nlohmann::json::parse(file).at(GetParam());
  const std::string model = run.at("model"), objective = run.at("objective");
  std::string name = model + "." + objective;
  std::replace(name.begin(), name.end(), ':', '.');
  try {
    graph = load_zoo(model, zoo_weights(model));
  } catch (const UserError &error) {
    GTEST_SKIP() << error.what();
  }
  options.height = run.at("size").at(0);
  options.width = run.at("size").at(1);
  options.lr = run.at("lr").get<double>();
  const Array start = read_npy(folder / (name + ".init.npy"));
  const auto expected = run.at("objective_by_step").get<std::vector<float>>();
  const auto image = read_npy(folder / (name + ".image.npy")).data;
  options.init = start;
  Optimization optimization = make({objective}, recipe("plain"));
  optimization.step(run.at("steps"));
  const auto values = optimization.progress().at(0).values;
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], 1e-3 * expected.back()) << i;
  EXPECT_LT(relative_error(optimization.images().data, image), 2e-3);
}

INSTANTIATE_TEST_SUITE_P(Runs, OptimizationGolden, ::testing::Values(0, 1));

} // namespace
} // namespace convscope
