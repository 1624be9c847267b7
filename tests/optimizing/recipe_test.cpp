#include "visualization/recipe.h"

#include "optimizing/expected.h"
#include "optimizing/optimizing.h"
#include "reference/philox.h"
#include "reference/transform.h"
#include "visualization/canvases.h"
#include "visualization/optimizer_steps.h"
#include "visualization/random.h"

namespace convscope {
namespace {

TEST(Recipes, AreTheDesigns) {
  EXPECT_EQ(recipe_names(), (std::vector<std::string>{"lucid", "article", "plain", "caricature", "invert", "diverse",
                                                      "accentuate", "maco"}));
  const Recipe lucid = recipe("lucid");
  EXPECT_EQ(lucid.canvas_margin, 12);
  EXPECT_EQ(lucid.canvas_crop, 4);
  EXPECT_TRUE(lucid.canvas_scales);
  EXPECT_EQ(lucid.scale.values.size(), 11U);
  EXPECT_EQ(lucid.scale.values.front(), 0.9);
  EXPECT_EQ(lucid.scale.values.back(), 1.1);
  EXPECT_EQ(lucid.rotation.values.size(), 26U);
  EXPECT_EQ(lucid.jitter.values.size(), 9U);
  EXPECT_EQ(lucid.jitter_after.values.size(), 5U);
  EXPECT_EQ(lucid.steps, 512);
  EXPECT_EQ(lucid.revive_steps, 16);
  EXPECT_EQ(lucid.clip_norm, 0);
  const Recipe article = recipe("article");
  EXPECT_EQ(article.canvas_margin, 0);
  EXPECT_EQ(article.clip_norm, 1);
  EXPECT_EQ(article.border, Border::reflect);
  EXPECT_FALSE(recipe("plain").transforms);
}

TEST(Recipes, UnknownOnesAreNamed) {
  EXPECT_EQ(error_of([] { recipe("lucd"); }), "no recipe 'lucd' (did you mean 'lucid'?)");
  EXPECT_NE(error_of([] { recipe("watercolour"); }).find("lucid, article, plain"), std::string::npos);
}

TEST(Recipes, SmoothSizesRoundUp) {
  const std::vector<std::pair<int, int>> sizes{{1, 1},     {2, 2},     {11, 12},   {127, 128}, {128, 128},
                                               {129, 135}, {150, 150}, {211, 216}, {224, 224}, {1023, 1024}};
  for (const auto &[size, smooth] : sizes)
    EXPECT_EQ(next_smooth(size), smooth);
}

TEST(Random, KeysDependOnSeedAndText) {
  EXPECT_EQ(text_hash(""), 0xcbf29ce484222325U);
  EXPECT_EQ(text_hash("a"), 0xaf63dc4c8601ec8cU); // FNV's published test vectors
  EXPECT_EQ(text_hash("foobar"), 0x85944171f73967e8U);
  EXPECT_EQ(philox_key(0, "conv1:0"), philox_key(0, "conv1:0"));
  EXPECT_NE(philox_key(0, "conv1:0"), philox_key(1, "conv1:0"));
  EXPECT_NE(philox_key(0, "conv1:0"), philox_key(0, "conv1:1"));
}

TEST(Random, TheHostsNumbersAreTheDevices) {
  for (std::uint32_t i = 0; i < 50; ++i) {
    const std::array<std::uint32_t, 4> counter{i, 7 * i, 0xffffffffU - i, 3};
    const std::array<std::uint32_t, 2> key = philox_key(i, "key");
    EXPECT_EQ(philox(counter, key), reference::philox(counter, key));
  }
}

bool takes_any(Size /*canvas*/) { return true; }

// (128 + 16) s - 4 in whole pixels, as Lucid's padding, crops and truncated resize leave.
TEST(CanvasSizes, AreLucids) {
  const Canvases canvases(recipe("lucid"), {3, 128, 100}, false, 0, takes_any);
  std::vector<int> heights, widths;
  for (const Canvas &canvas : canvases.all()) {
    heights.push_back(canvas.size.height);
    widths.push_back(canvas.size.width);
  }
  EXPECT_EQ(heights, (std::vector<int>{154, 151, 148, 145, 142, 140, 137, 134, 131, 128, 125}));
  EXPECT_EQ(canvases.all()[canvases.middle()].size, (Size{112, 140})) << "that at scale 1";
  EXPECT_EQ(widths, (std::vector<int>{123, 121, 118, 116, 114, 112, 109, 107, 105, 102, 100}));
}

TEST(CanvasSizes, AreDrawnBySeedAndStep) {
  const Recipe lucid = recipe("lucid");
  const Canvases first(lucid, {3, 64, 64}, false, 1, takes_any), same(lucid, {3, 32, 80}, false, 1, takes_any),
      other(lucid, {3, 64, 64}, false, 2, takes_any);
  std::vector<int> counts(11);
  int differ = 0;
  for (int step = 0; step < 1100; ++step) {
    ++counts[first.drawn(step)];
    EXPECT_EQ(first.drawn(step), same.drawn(step));
    differ += first.drawn(step) != other.drawn(step) ? 1 : 0;
  }
  for (const int count : counts)
    EXPECT_NEAR(count, 100, 40);
  EXPECT_GT(differ, 900);
}

TEST(CanvasSizes, ThoseOfARepeatedScaleAreOne) {
  Recipe by = recipe("lucid");
  by.scale.values = {1.1, 1, 1, 1};
  const Canvases canvases(by, {3, 128, 128}, false, 3, takes_any);
  ASSERT_EQ(canvases.all().size(), 2U);
  EXPECT_EQ(canvases.all()[0].scale, 0);
  EXPECT_EQ(canvases.all()[1].scale, 1);
  EXPECT_EQ(canvases.middle(), 1U);
  EXPECT_EQ(canvases.mean([](std::size_t canvas) { return canvas == 0 ? 4.0 : 0.0; }), 1);
}

// A net that needs 130 pixels has them.
TEST(CanvasSizes, AreWhatTheNetTakes) {
  const Canvases canvases(recipe("lucid"), {3, 128, 128}, false, 0, [](Size size) { return size.height >= 130; });
  ASSERT_EQ(canvases.all().size(), 11U);
  EXPECT_EQ(canvases.all()[8].size, square(131));
  EXPECT_EQ(canvases.all()[10].size, square(131));
  EXPECT_EQ(canvases.all()[10].scale, 0);
}

TEST(CanvasSizes, AreOneWhereTheNetsInputHasItsOwnAndForCrops) {
  for (const char *name : {"article", "plain", "accentuate"})
    EXPECT_EQ(Canvases(recipe(name), {3, 64, 64}, false, 0, takes_any).all().size(), 1U) << name;
  const Canvases canvases(recipe("lucid"), {3, 64, 48}, true, 0, takes_any);
  ASSERT_EQ(canvases.all().size(), 1U);
  EXPECT_EQ(canvases.all()[0].size, (Size{60, 76}));
  EXPECT_FALSE(canvases.all()[0].scale);
}

using RecipeTest = Optimizing;

// Random numbers, their counters and the maps' geometry, all at once: a wrong bit of Philox would show in every map.
TEST_F(RecipeTest, MapsAreDrawnByPhilox) {
  constexpr int height = 20, width = 32, batch = 70; // more images than a workgroup has threads
  for (const std::string name : {"lucid", "article", "accentuate"}) {
    Recipe chosen = recipe(name);
    chosen.canvas = 24; // of crops
    Parameterization parameterization(programs(), chosen, batch, {3, height, width});
    Plan plan(programs(), "draws");
    OptimizerSteps optimizer(plan, chosen, parameterization, batch, 1, 10);
    optimizer.append_advance(height, width, canvas_side(chosen, height), canvas_side(chosen, width));
    plan.allocate();
    std::vector<std::array<std::uint32_t, 2>> keys;
    for (int n = 0; n < batch; ++n)
      keys.push_back(philox_key(5, "layer:" + std::to_string(n)));
    optimizer.write_start(keys, 0.05);
    const auto recording = plan.record(Variant::usual);
    for (int step = 0; step < 20; ++step) {
      recording.run("the test's draws");
      const auto maps = plan.read_all<gpu::AffineMap>(optimizer.maps());
      ASSERT_EQ(maps.size(), std::size_t(batch * views(chosen)));
      for (int i = 0; i < batch * views(chosen); ++i) {
        const auto m = maps[std::size_t(i)];
        const int n = i / views(chosen);
        const auto expected =
            drawn_map(chosen, step, keys[std::size_t(n)], height, width, std::uint32_t(i % views(chosen)));
        const std::array<double, 6> actual{m.m00, m.m01, m.tx, m.m10, m.m11, m.ty};
        for (std::size_t e = 0; e < 6; ++e)
          ASSERT_NEAR(actual[e], expected[e], 4e-5) << name << " step " << step << " image " << n << " entry " << e;
        ASSERT_NEAR(m.n00 * m.m00 + m.n01 * m.m10, 1, 1e-6);
        ASSERT_NEAR(m.n00 * m.m01 + m.n01 * m.m11, 0, 1e-6);
        ASSERT_NEAR(m.n10 * m.m00 + m.n11 * m.m10, 0, 1e-6);
        ASSERT_NEAR(m.n10 * m.m01 + m.n11 * m.m11, 1, 1e-6);
      }
    }
  }
}

// All else stays each image's own.
TEST_F(RecipeTest, ImagesShareACanvassScale) {
  constexpr int height = 20, width = 32, batch = 3;
  const Recipe lucid = recipe("lucid");
  Parameterization parameterization(programs(), lucid, batch, {3, height, width});
  Plan plan(programs(), "draws");
  OptimizerSteps optimizer(plan, lucid, parameterization, batch, 1, 10);
  const double scale = lucid.scale.values[9];
  optimizer.append_advance(height, width, scaled_canvas_side(lucid, height, scale),
                           scaled_canvas_side(lucid, width, scale), 9);
  plan.allocate();
  std::vector<std::array<std::uint32_t, 2>> keys;
  for (int n = 0; n < batch; ++n)
    keys.push_back(philox_key(5, "layer:" + std::to_string(n)));
  optimizer.write_start(keys, 0.05);
  plan.record(Variant::usual).run("the test's draws");
  const auto maps = plan.read_all<gpu::AffineMap>(optimizer.maps());
  for (std::size_t n = 0; n < batch; ++n) {
    const auto expected = drawn_map(lucid, 0, keys[n], height, width, 0, scale);
    const std::array<double, 6> actual{maps[n].m00, maps[n].m01, maps[n].tx, maps[n].m10, maps[n].m11, maps[n].ty};
    for (std::size_t e = 0; e < 6; ++e)
      EXPECT_NEAR(actual[e], expected[e], 2e-5) << "image " << n << " entry " << e;
  }
  EXPECT_NE(maps[0].tx, maps[1].tx);
}

} // namespace
} // namespace convscope
