#include "viewer/health.h"

#include <gtest/gtest.h>

namespace convscope::viewer {
namespace {

TEST(Health, RemediesDoWhatTheySay) {
  Wish wish;
  wish.controls.recipe = recipe("plain");
  apply_remedy(Health::diverging, wish);
  EXPECT_EQ(wish.controls.recipe.clip_norm, 1);
  const double lr = wish.controls.recipe.lr;
  apply_remedy(Health::saturated, wish);
  EXPECT_EQ(wish.controls.recipe.lr, lr / 2);
  EXPECT_EQ(wish.restarts, 0);
  apply_remedy(Health::dead, wish);
  EXPECT_EQ(wish.controls.recipe, recipe("lucid"));
  EXPECT_EQ(wish.restarts, 1);
}

TEST(Health, AWellUnitNeedsNothing) {
  Wish wish;
  const Wish before = wish;
  apply_remedy(Health::well, wish);
  apply_remedy(Health::waiting, wish);
  EXPECT_EQ(wish, before);
  EXPECT_STREQ(advice(Health::well).remedy, "");
  EXPECT_STRNE(advice(Health::dead).remedy, "");
}

TEST(Health, DivergesWhereTheValueFallsAndStaysLow) {
  std::vector<float> values;
  EXPECT_FALSE(diverges(values));
  for (int i = 0; i < 100; ++i)
    values.push_back(static_cast<float>(i % 5) + 0.2F * static_cast<float>(i)); // rises, and jitters as transforms do
  EXPECT_FALSE(diverges(values));
  values.push_back(-50); // one bad step
  EXPECT_FALSE(diverges(values));
  for (int i = 0; i < 16; ++i)
    values.push_back(2);
  EXPECT_TRUE(diverges(values));
  EXPECT_FALSE(diverges(std::vector<float>(100, -1))) << "it was never good";
}

TEST(Health, SpreadsRoundTrip) {
  EXPECT_DOUBLE_EQ(spread(spread_draw(1, 0.2), 1), 0.2);
  EXPECT_EQ(spread_draw(0, 0), Draw{});
  const Draw scale = scale_draw(recipe("lucid"), 0.2); // each is a canvas
  EXPECT_FALSE(scale.uniform);
  EXPECT_EQ(scale.values.size(), 11U);
  EXPECT_DOUBLE_EQ(spread(scale, 1), 0.2);
  EXPECT_EQ(scale_draw(recipe("article"), 0.2), spread_draw(1, 0.2));
  EXPECT_DOUBLE_EQ(spread(recipe("lucid").rotation, 0), 10);
}

TEST(Health, TransformsFollowTheDraws) {
  Recipe r = recipe("plain");
  settle_transforms(r);
  EXPECT_FALSE(r.transforms);
  EXPECT_FALSE(edited(r));
  r.rotation = spread_draw(0, 5);
  settle_transforms(r);
  EXPECT_TRUE(r.transforms);
  EXPECT_TRUE(edited(r));
}

} // namespace
} // namespace convscope::viewer
