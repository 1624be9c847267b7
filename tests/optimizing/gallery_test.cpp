// Images that take turns in a batch and share common ones: what is gathered, what Adam does to whom, and the whole.
#include "visualization/gallery.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "optimizing/optimizing.h"
#include "optimizing/toy_net.h"
#include "params.h"
#include "visualization/optimization.h"

namespace convscope {
namespace {

using GalleryTest = Optimizing;

constexpr int images = 5, slots = 3, groups = 2, count = 67; // no multiple of a workgroup

GalleryOptions shared_options() {
  GalleryOptions options;
  options.groups = groups;
  options.shares = reference::random_floats(images * groups, 5, 0, 1);
  return options;
}

// A gallery whose gradients come from the test.
struct Turns {
  Plan plan{programs(), "turns"};
  Recipe recipe;
  Gallery gallery{plan, recipe, shared_options(), images, slots, count};
  TensorId parameters = plan.persistent("parameters", sizeof(float) * slots * count);
  TensorId gradient = plan.persistent("gradient", sizeof(float) * slots * count);
  TensorId state = plan.persistent("state", sizeof(gpu::StepState));
  TensorId states = plan.persistent("images", sizeof(gpu::ImageState) * slots);
  std::optional<vulkan::Recording> recording;

  explicit Turns(const std::vector<float> &start) {
    gallery.append_gather(parameters);
    gallery.append_update(gradient, state, states);
    plan.allocate();
    gallery.write_start(start);
    recording.emplace(plan.record(Variant::usual));
  }
  void step(int number, const std::vector<int> &chosen, const std::vector<float> &g,
            const std::vector<gpu::ImageState> &of) {
    gallery.choose(chosen, true);
    write(plan, gradient, g);
    write(plan, states, of);
    write(plan, state,
          std::vector<gpu::StepState>{{number, 0.05F, static_cast<float>(1 - std::pow(0.9, number)),
                                       static_cast<float>(1 - std::pow(0.999, number)), 1.0F, 0, 0, 0}});
    recording->run("a turn");
  }
};

// The same in double: members, their moments and how often each was moved.
struct Reference {
  std::vector<double> members, first, second;
  std::vector<int> visits;
  std::vector<float> shares = shared_options().shares;

  double share(int image, int group) const { return shares[std::size_t(image * groups + group)]; }
  std::vector<double> gathered(const std::vector<int> &chosen) const {
    std::vector<double> all;
    for (const int image : chosen)
      for (int i = 0; i < count; ++i) {
        double sum = 0;
        for (int j = 0; j < groups; ++j)
          sum += share(image, j) * members[std::size_t((images + j) * count + i)];
        all.push_back(0.7 * members[std::size_t(image * count + i)] + 0.5 * sum);
      }
    return all;
  }
  void move(int member, int i, double g, int visit) {
    const auto at = std::size_t(member * count + i);
    first[at] = 0.9 * first[at] + 0.1 * g;
    second[at] = 0.999 * second[at] + 0.001 * g * g;
    members[at] +=
        0.05 * first[at] / (1 - std::pow(0.9, visit)) / (std::sqrt(second[at] / (1 - std::pow(0.999, visit))) + 1e-8);
  }
  void step(int number, const std::vector<int> &chosen, const std::vector<float> &g,
            const std::vector<gpu::ImageState> &of) {
    for (const int image : chosen)
      ++visits[std::size_t(image)];
    for (int i = 0; i < count; ++i) {
      for (int j = 0; j < groups; ++j) {
        double sum = 0;
        for (std::size_t n = 0; n < chosen.size(); ++n)
          if (of[n].stopped < 0)
            sum += share(chosen[n], j) * double(of[n].clip) * g[n * count + std::size_t(i)];
        move(images + j, i, 0.5 * sum, number);
      }
      for (std::size_t n = 0; n < chosen.size(); ++n)
        if (of[n].stopped < 0)
          move(chosen[n], i, 0.7 * double(of[n].clip) * g[n * count + std::size_t(i)], visits[std::size_t(chosen[n])]);
    }
  }
};

TEST_F(GalleryTest, StepsAreTheReferences) {
  const auto start = reference::random_floats((images + groups) * count, 1);
  Turns turns(start);
  Reference expected{{start.begin(), start.end()}, {}, {}, std::vector<int>(images)};
  expected.first.resize(start.size());
  expected.second.resize(start.size());
  for (int step = 1; step <= 12; ++step) {
    const std::vector<int> chosen = turns.gallery.drawn(3, step);
    const auto g = reference::random_floats(slots * count, 10 + unsigned(step), -0.1, 0.1);
    std::vector<gpu::ImageState> states(slots, {0, 0, -1, 1.0F});
    states[1].clip = 0.25F;
    if (step >= 9)
      states[2].stopped = 8; // counts for nothing from now on
    const std::vector<double> gathered = expected.gathered(chosen);
    turns.step(step, chosen, g, states);
    const auto actual = turns.plan.read_all<float>(turns.parameters);
    ASSERT_LT(relative_error(actual, std::vector<float>(gathered.begin(), gathered.end())), 2e-6) << step;
    expected.step(step, chosen, g, states);
  }
}

TEST_F(GalleryTest, DrawsDistinctImagesAndAllOfThem) {
  Plan plan(programs(), "draws");
  const Gallery gallery(plan, Recipe(), shared_options(), images, slots, count);
  std::vector<int> seen(images);
  for (int step = 0; step < 300; ++step) {
    const std::vector<int> drawn = gallery.drawn(7, step);
    EXPECT_EQ(std::set<int>(drawn.begin(), drawn.end()).size(), std::size_t(slots));
    EXPECT_EQ(drawn, gallery.drawn(7, step));
    for (const int image : drawn)
      ++seen.at(std::size_t(image));
  }
  for (const int times : seen)
    EXPECT_NEAR(times, 300.0 * slots / images, 45);
  EXPECT_NE(gallery.drawn(7, 1), gallery.drawn(8, 1));
}

class Galleries : public Optimizing { // whole optimizations
protected:
  Galleries() : graph(toy_net()), weights(programs().device()) {}

  Optimization made(int at_once, int common, int wanted = 4) {
    std::vector<Objective> objectives;
    for (int i = 0; i < wanted; ++i)
      objectives.push_back(parse_objective("conv1:" + std::to_string(i), graph));
    OptimizationOptions options;
    options.height = options.width = 20;
    options.steps = 40;
    options.gallery.emplace();
    options.gallery->at_once = at_once;
    options.gallery->groups = common;
    options.gallery->shares.assign(std::size_t(wanted * common), 1.0F);
    return {programs(), weights, graph, objectives, recipe("plain"), options};
  }

  Graph graph;
  Weights weights;
};

TEST_F(Galleries, AllAtOnceWithNothingCommonAreTheImagesAlone) {
  Optimization gallery = made(9, 0);
  EXPECT_EQ(gallery.batch(), 4);
  std::vector<Objective> objectives;
  for (int i = 0; i < 4; ++i)
    objectives.push_back(parse_objective("conv1:" + std::to_string(i), graph));
  OptimizationOptions options;
  options.height = options.width = 20;
  options.steps = 40;
  Optimization alone(programs(), weights, graph, objectives, recipe("plain"), options);
  gallery.step(12);
  alone.step(12);
  EXPECT_LT(relative_error(gallery.images().data, alone.images().data), 1e-4);
}

TEST_F(Galleries, EveryImageGrowsByTurns) {
  Optimization gallery = made(3, 1);
  const Array before = gallery.images();
  ASSERT_EQ(before.shape, (std::vector<std::int64_t>{4, 3, 20, 20}));
  gallery.step(40);
  const Array after = gallery.images();
  const std::size_t each = 3 * 20 * 20;
  for (std::size_t n = 0; n < 4; ++n) {
    double change = 0;
    for (std::size_t i = n * each; i < (n + 1) * each; ++i)
      change += std::abs(double(after.data[i]) - before.data[i]);
    EXPECT_GT(change / each, 0.01) << n;
  }
  EXPECT_EQ(gallery.images().data, after.data); // looking changes nothing
  Optimization again = made(3, 1);
  again.step(15);
  again.images();
  again.step(25);
  EXPECT_EQ(again.images().data, after.data);
}

// What it takes more than its largest batch are the numbers of all its images and Adam's two moments of them.
TEST_F(Galleries, TakeTheMemoryOfABatch) {
  constexpr int all = 196, batch = 3, groups_of_all = 6;
  const auto planned = [&](int objectives, std::optional<GalleryOptions> gallery) {
    std::vector<Objective> of;
    for (int i = 0; i < objectives; ++i)
      of.push_back(parse_objective("conv1:" + std::to_string(i % 6), graph));
    OptimizationOptions options;
    options.height = options.width = 20;
    options.steps = 40;
    options.gallery = std::move(gallery);
    return Optimization(programs(), weights, graph, of, recipe("plain"), options).planned_bytes();
  };
  GalleryOptions turns;
  turns.at_once = batch;
  turns.groups = groups_of_all;
  turns.shares.assign(std::size_t{all} * groups_of_all, 0.5F);
  const std::size_t image = 3 * 20 * 11 * 2 * sizeof(float), tables = 64 << 10;
  EXPECT_LT(planned(all, turns), planned(batch, {}) + 3 * (all + groups_of_all) * image + tables);
}

TEST_F(Galleries, RefuseWhatCannotBeShared) {
  Recipe nadam = recipe("plain");
  nadam.optimizer = OptimizerKind::nadam;
  Plan plan(programs(), "refused");
  EXPECT_NE(error_of([&] { Gallery(plan, nadam, shared_options(), images, slots, count); }).find("Adam"),
            std::string::npos);
}

} // namespace
} // namespace convscope
