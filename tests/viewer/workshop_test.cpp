// What the worker makes of wishes, without a window: the focus's runs and its map.
#include "viewer/workshop.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace convscope::viewer {
namespace {

const std::string cat = CONVSCOPE_SOURCE_DIR "/docs/photos/chelsea.png"; // 451x300
const std::string cup = CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png";  // 300x200

class WorkshopTest : public testing::Test {
protected:
  void SetUp() override {
    wish_.model = {"alexnet", "", ""};
    wish_.layer = "conv5";
    wish_.wall_images = false;
    wish_.controls.size = 64;
    wish_.controls.recipe = recipe("plain");
    wish_.focus = Unit{"conv2", 5};
    session_.load(wish_.model);
    const auto tell = [this](Snapshot snapshot, const Textures &) { now_ = std::move(snapshot); };
    workshop_.emplace(
        session_, [](Session &, const SavedPicture &) {}, Workshop::Telling{tell, [](const Textures &) {}});
  }

  void obey() { workshop_->obey(wish_, std::nullopt); }
  // Works until the snapshot is as wanted; false where it never is.
  bool works_until(const std::function<bool()> &wanted) {
    for (int slice = 0; slice < 5000; ++slice) {
      if (wanted())
        return true;
      workshop_->work();
    }
    return false;
  }
  const RunState &first() const { return now_.focus.first; }
  int second_steps() const { return now_.focus.second ? now_.focus.second->steps : -1; }

  Wish wish_;
  Snapshot now_;
  Session session_;
  std::optional<Workshop> workshop_;
};

TEST_F(WorkshopTest, ASecondRecipeCatchesUpAndThenGoesAlong) {
  obey();
  ASSERT_EQ(now_.message, "");
  ASSERT_TRUE(works_until([&] { return first().steps >= 8; }));
  const int steps = first().steps;
  const std::vector<float> values(first().values.begin(), first().values.begin() + 4);

  wish_.second = recipe("article");
  obey();
  EXPECT_EQ(first().steps, steps) << "the first begins anew";
  EXPECT_EQ(second_steps(), 0);
  ASSERT_TRUE(works_until([&] { return second_steps() > 2; }));
  EXPECT_LE(first().steps, steps + 1) << "the first does not wait"; // + 1: it was in the middle of a step
  ASSERT_TRUE(works_until([&] { return first().steps >= steps + 4; }));
  EXPECT_GE(second_steps(), first().steps - 1) << "the second lags behind";
  EXPECT_EQ(first().values.size(), static_cast<std::size_t>(first().steps)) << "the first lost its curve";
  EXPECT_TRUE(std::equal(values.begin(), values.end(), first().values.begin()));

  wish_.second.reset();
  obey();
  EXPECT_EQ(second_steps(), -1);
  EXPECT_GE(first().steps, steps + 4);
}

TEST_F(WorkshopTest, TwoOfTheSameRecipeAreTheSameRun) {
  wish_.second = wish_.controls.recipe;
  obey();
  ASSERT_TRUE(works_until([&] { return second_steps() >= 4; }));
  const std::size_t both = std::min(first().values.size(), now_.focus.second->values.size());
  ASSERT_GE(both, 4U);
  for (std::size_t i = 0; i < both; ++i)
    EXPECT_EQ(first().values[i], now_.focus.second->values[i]) << i;
}

TEST_F(WorkshopTest, TheFocusHasItsMapWhateverTheWallShows) {
  wish_.photo = cat;
  obey();
  const MapState &map = now_.focus.map;
  EXPECT_EQ(map.layer, "conv2");
  EXPECT_EQ(map.channel, 5);
  EXPECT_FALSE(map.of_square);
  EXPECT_EQ(map.height, 27); // of 224 pixels
  EXPECT_NEAR(map.width, 27 * 451 / 300.0, 1);
  EXPECT_GT(now_.map_width, 0);

  wish_.layer = "conv2";
  obey();
  EXPECT_EQ(now_.map_width, map.width) << "the wall's maps are of the same photo";

  wish_.layer = "conv4";
  wish_.photo = cup;
  obey();
  EXPECT_EQ(map.layer, "conv2");
  EXPECT_NEAR(map.width, 27 * 300 / 200.0, 1) << "a map of the photo before";

  wish_.photo.clear();
  obey();
  EXPECT_EQ(map.channel, -1) << "a map without a photo";
  EXPECT_EQ(now_.map_width, 0);
}

// With nothing done but looking at the first few: those in view go first, then all the others.
TEST_F(WorkshopTest, TheWholeWallFillsByItself) {
  wish_.focus.reset();
  wish_.layer = "conv1";
  wish_.wall_images = true;
  wish_.in_view = {0, 1, 2, 3};
  obey();
  ASSERT_EQ(now_.tiles.size(), 64U);
  const auto fewest = [&](std::size_t first, std::size_t end) {
    int steps = now_.tiles[first].steps;
    for (std::size_t i = first; i < end; ++i)
      steps = std::min(steps, now_.tiles[i].steps);
    return steps;
  };
  bool in_view_first = false;
  while (workshop_->has_work() && fewest(0, 64) == 0) {
    workshop_->work();
    in_view_first = in_view_first || (fewest(0, 4) > 0 && fewest(4, 64) == 0);
  }
  EXPECT_TRUE(in_view_first);
  EXPECT_GT(fewest(0, 64), 0) << "nothing left to do, and some have no image";
}

} // namespace
} // namespace convscope::viewer
