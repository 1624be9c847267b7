#include "visualization/recipe.h"

#include "optimizing/expected.h"
#include "optimizing/optimizing.h"
#include "reference/philox.h"
#include "reference/transform.h"
#include "visualization/optimizer_steps.h"
#include "visualization/random.h"

namespace convscope {
namespace {

TEST(Recipes, AreTheDesigns) {
  EXPECT_EQ(recipe_names(), (std::vector<std::string>{"lucid", "article", "plain", "caricature", "invert", "diverse",
                                                      "accentuate", "maco"}));
  const Recipe lucid = recipe("lucid");
  EXPECT_EQ(lucid.canvas_margin, 12);
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

} // namespace
} // namespace convscope
