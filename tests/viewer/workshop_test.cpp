// What the worker makes of wishes, without a window: the focus's runs and its map.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "importers/onnx_builder.h"
#include "viewer/workshop_fixture.h"

namespace convscope::viewer {
namespace {

class WorkshopTest : public FocusedWorkshop {
protected:
  // As the window asks for a net.
  void open(const std::string &model) {
    wish_.model = {model, "", ""};
    ++wish_.models;
    wish_.layer.clear();
    wish_.focus.reset();
    obey();
  }
  int second_steps() const { return now_.focus.second ? now_.focus.second->steps : -1; }
};

TEST_F(WorkshopTest, ASecondRecipeCatchesUpAndThenGoesAlong) {
  obey();
  ASSERT_EQ(now_.message, "");
  // So many that the second is seen on its way to them: a snapshot comes each tenth of a second.
  ASSERT_TRUE(works_until([&] { return first().steps >= 96; }));
  const int steps = first().steps;
  const std::vector<float> values(first().values.begin(), first().values.begin() + 4);

  wish_.second = recipe("article");
  obey();
  EXPECT_GE(first().steps, steps) << "the first begins anew";
  EXPECT_LE(first().steps, steps + 1) << "more than the step that it was at";
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
  EXPECT_EQ(map.part, 0);
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

// A net that can't be loaded leaves all that there is, until it can.
TEST_F(WorkshopTest, ARefusedNetChangesNothing) {
  wish_.photo = cat;
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 4; }));
  const int steps = first().steps, map_width = now_.map_width;
  const std::string file = (folder_ / "net.onnx").string();
  std::ofstream(file) << "no net";
  const Wish before = wish_;
  open(file);
  EXPECT_TRUE(now_.refused);
  EXPECT_EQ(now_.models, wish_.models);
  EXPECT_EQ(now_.model.model, "alexnet");
  const std::string message = now_.message;
  EXPECT_NE(message.find("net.onnx"), std::string::npos);
  EXPECT_EQ(now_.layer, "conv5");
  EXPECT_EQ(now_.map_width, map_width);
  ASSERT_TRUE(works_until([&] { return first().steps > steps; })) << "the focus does not go on";

  const int models = wish_.models; // what the window then wishes
  wish_ = before;
  wish_.models = wish_.answered = models;
  wish_.photo = cup; // that was opened meanwhile
  ++wish_.photos;
  obey();
  EXPECT_EQ(now_.photo, cup);
  EXPECT_EQ(now_.message, message) << "nobody could read it";
  EXPECT_GT(first().steps, steps) << "the focus begins anew";
  EXPECT_EQ(now_.focus.map.channel, 5);

  OnnxBuilder net({1, 3, 8, 8});
  net.weights("w", {4, 3, 3, 3});
  net.node("Conv", {"x", "w"}, "conv");
  net.output("conv");
  net.save(file);
  open(file);
  EXPECT_FALSE(now_.refused) << now_.message;
  EXPECT_EQ(now_.tiles.size(), 4U);
  std::ofstream(file) << "no net"; // again, and it is the one that is open
  wish_.in_view = {1};
  open(file);
  EXPECT_TRUE(now_.refused);
  wish_.in_view = {2}; // before the window knows
  obey();
  EXPECT_NE(now_.message, "");
  EXPECT_EQ(now_.tiles.size(), 4U);
  net.save(file);
  wish_.answered = now_.models;
  open(file);
  EXPECT_FALSE(now_.refused) << now_.message;
  EXPECT_EQ(now_.model.model, file);
  EXPECT_EQ(now_.layer, "conv");
  EXPECT_EQ(now_.message, "");
}

// Of one plane and of six: a wall, a focus, a history, and a photo to start from where the net's planes can show it.
TEST_F(WorkshopTest, NetsOfAnyPlanes) {
  for (const int planes : {1, 6}) {
    SCOPED_TRACE(planes);
    const std::string file = (folder_ / fmt::format("planes{}.onnx", planes)).string();
    net_of_planes(planes).save(file);
    open(file);
    wish_.photo = cat;
    wish_.layer = "relu";
    wish_.focus = Unit{"relu", 2};
    wish_.wall_images = true;
    wish_.controls.start = StartFrom::noise;
    obey();
    EXPECT_TRUE(works_until([&] { return first().steps >= 3 && now_.tiles.at(3).steps >= 2; })) << now_.message;
    EXPECT_EQ(now_.planes, planes);
    EXPECT_EQ(now_.focus.width, planes == 1 ? 64 : 3 * 64 + 2 * plane_gap);
    EXPECT_EQ(now_.focus.height, planes == 1 ? 64 : 2 * 64 + plane_gap);
    EXPECT_GE(now_.focus.history.size(), 2U);
    wish_.controls.start = StartFrom::photo;
    obey();
    EXPECT_EQ(now_.message.find("--rgb") != std::string::npos, planes == 6) << now_.message;
    EXPECT_EQ(works_until([&] { return now_.focus.unit && first().steps >= 2; }), planes == 1);
  }
}

// A net of 16x48 pixels behind a head: its images have these proportions.
TEST_F(WorkshopTest, ImagesHaveTheProportionsOfTheNetsInput) {
  const std::string file = (folder_ / "wide.onnx").string();
  net_with_head(16, 48).save(file);
  obey();
  open(file);
  wish_.layer = "dense";
  wish_.focus = Unit{"dense", 2};
  wish_.wall_images = true;
  obey();
  EXPECT_TRUE(works_until([&] { return first().steps >= 2 && now_.tiles.at(4).steps >= 2; })) << now_.message;
  EXPECT_EQ(now_.focus.width, 111); // as many pixels as 64x64
  EXPECT_EQ(now_.focus.height, 37);
  EXPECT_EQ(now_.tile_width, 3 * now_.tile_height);
  wish_.focus = Unit{"conv", 1};
  obey();
  EXPECT_TRUE(works_until([&] { return first().steps >= 2; })) << now_.message;
  EXPECT_EQ(now_.focus.width, 64);
}

// Behind a Flatten a net is of one size: the image is resized to it.
TEST_F(WorkshopTest, AHeadOfOneSizeIsOptimized) {
  const std::string file = (folder_ / "head.onnx").string();
  net_with_head(8, 8).save(file);
  obey();
  open(file);
  wish_.photo = cat;
  wish_.layer = "dense";
  wish_.focus = Unit{"dense", 2};
  wish_.wall_images = true;
  obey();
  EXPECT_EQ(now_.message, "");
  EXPECT_EQ(now_.map_width, 0);
  EXPECT_EQ(now_.tiles.size(), 5U);
  EXPECT_TRUE(works_until([&] { return first().steps >= 2 && now_.tiles.at(4).steps >= 2; })) << now_.message;
  EXPECT_EQ(now_.message, "");
}

// What can't be optimized is said once, and then leaves the worker in peace.
TEST_F(WorkshopTest, AWallThatCannotBeOptimizedRests) {
  wish_.focus.reset();
  wish_.wall_images = true;
  wish_.controls.recipe.lr = -1; // no optimization takes that
  obey();
  ASSERT_TRUE(workshop_->has_work());
  works_until([&] { return !workshop_->has_work(); });
  EXPECT_FALSE(workshop_->has_work());
  wish_.controls.recipe.lr = 0.05;
  obey();
  EXPECT_TRUE(workshop_->has_work()) << "another recipe may do";
}

TEST_F(WorkshopTest, APhotoThatCannotBeReadLeavesTheOneBefore) {
  wish_.photo = cat;
  obey();
  EXPECT_EQ(now_.photo, cat);
  const std::string file = (folder_ / "photo.png").string();
  std::ofstream(file) << "no picture";
  wish_.photo = file;
  ++wish_.photos;
  obey();
  EXPECT_NE(now_.message.find("photo.png"), std::string::npos);
  EXPECT_EQ(now_.photo, cat);
  EXPECT_EQ(now_.focus.map.channel, 5) << "the map is of the photo that is there";

  std::filesystem::copy_file(cup, file, std::filesystem::copy_options::overwrite_existing);
  ++wish_.photos; // the same file, again
  obey();
  EXPECT_EQ(now_.message, "");
  EXPECT_EQ(now_.photo, file);
}

TEST_F(WorkshopTest, AChosenPlaceStaysWhereItIsWhenTheSizeChanges) {
  wish_.place = {0.5F, 0.99F};
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 4; }));
  const int steps = first().steps;
  ASSERT_TRUE(now_.focus.unit);
  const Unit before = *now_.focus.unit;
  EXPECT_GT(before.x, 0);
  wish_.controls.size = 128;
  obey();
  EXPECT_GE(first().steps, steps) << "the image begins anew";
  ASSERT_TRUE(now_.focus.unit);
  EXPECT_NEAR(now_.focus.unit->x, 2 * before.x, 1);
  EXPECT_GT(now_.focus.unit->y, before.y);
}

// In the middle of a step, after its update as well: what is saved is what is shown.
TEST_F(WorkshopTest, ASessionIsSavedAtTheEndOfAStep) {
  wish_.controls.size = 128;
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 2; }));
  const std::string file = (folder_ / "focus.convscope").string();
  for (int slice = 0; slice < 24; ++slice) {
    workshop_->work();
    workshop_->save({SaveRequest::What::session, file});
    const SavedSession saved = read_session(file);
    ASSERT_TRUE(saved.focus);
    EXPECT_EQ(saved.focus->steps, first().steps);
    EXPECT_EQ(saved.focus->state.steps, saved.focus->steps);
    ASSERT_FALSE(saved.focus->kept.empty());
    const KeptMoment &last = saved.focus->kept.back();
    EXPECT_EQ(last.moment.step, saved.focus->steps);
    EXPECT_EQ(last.parameters.data, saved.focus->state.parameters.data) << "of another step, after slice " << slice;
  }
}

TEST_F(WorkshopTest, AUnitThatCannotBeMadeIsNotShown) {
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 1; }));
  wish_.focus = Unit{"conv2", 100000};
  obey();
  EXPECT_NE(now_.message, "");
  EXPECT_FALSE(now_.focus.unit) << "the image is of the unit before";
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
