// What the worker makes of the lens: maps for the host, groups, a grid that is the command line's.
#include <algorithm>
#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "graph/names.h"
#include "session/activation_groups.h"
#include "session/grid_run.h"
#include "viewer/turns.h"
#include "viewer/workshop_fixture.h"

namespace convscope::viewer {
namespace {

class LensTest : public WorkshopFixture {
protected:
  LensTest() : WorkshopFixture("pool5") {
    wish_.running = false;
    wish_.photo = cat;
  }
  void open_photo(const std::string &photo) {
    wish_.photo = photo;
    ++wish_.photos;
    obey();
  }
  int grid_step() const { return now_.lens.grid ? now_.lens.grid->step : -1; }
  Array features(const std::string &photo) {
    return session_.features(read_image(photo), {find_layer(session_.graph(), wish_.layer)}).at(0);
  }
};

TEST_F(LensTest, TheGridIsThatOfTheCommandLine) {
  wish_.lens.kind = Lens::Kind::grid;
  obey();
  ASSERT_EQ(now_.message, "");
  EXPECT_FALSE(now_.lens.grid) << "it begins by itself";
  EXPECT_FALSE(workshop_->has_work());
  ++wish_.grids;
  wish_.grid_runs = true;
  wish_.controls.seed = 3;
  obey();
  ASSERT_EQ(now_.message, "");
  ASSERT_EQ(grid_step(), 0);
  EXPECT_TRUE(workshop_->has_work()) << "a pause is of the rest";
  ASSERT_TRUE(works_until([&] { return grid_step() >= 2; }));
  ASSERT_TRUE(textures_.grid);
  EXPECT_GE(textures_.grid->cells(), static_cast<int>(now_.lens.grid->cells->size()));
  EXPECT_GT(now_.lens.grid->visits, 0);

  wish_.grid_runs = false;
  obey();
  EXPECT_FALSE(workshop_->has_work());
  workshop_->save({SaveRequest::What::grid, "grid.png"});
  ASSERT_TRUE(saved_.grid) << now_.message;
  const SavedGrid &grid = *saved_.grid;
  EXPECT_GE(grid.steps, 2);
  EXPECT_EQ(saved_.photo, cat);
  EXPECT_EQ(saved_.seed, 3U);
  GridRequest request;
  request.layer = find_layer(session_.graph(), grid.layer);
  request.maps = features(cat);
  request.recipe = saved_.recipe;
  request.options.width = saved_.size.width;
  request.options.height = saved_.size.height;
  request.options.seed = saved_.seed;
  request.at_once = grid.at_once;
  GridRun run(session_, request);
  run.advance(grid.steps);
  ASSERT_EQ(run.cells().size(), grid.cells.size());
  EXPECT_EQ(run.images().shape, grid.images.shape);
  EXPECT_TRUE(run.images().data == grid.images.data) << "in slices and looked at on the way, it is another";

  // It goes on where it was, and is gone with its photo.
  wish_.grid_runs = true;
  obey();
  ASSERT_TRUE(works_until([&] { return grid_step() > grid.steps; }));
  open_photo(cup);
  EXPECT_FALSE(now_.lens.grid);
  EXPECT_FALSE(textures_.grid);
  workshop_->save({SaveRequest::What::grid, "grid.png"});
  EXPECT_EQ(now_.failed_saves, 1);
}

TEST_F(LensTest, ARecipeWithoutCellsIsRefused) {
  wish_.lens.kind = Lens::Kind::grid;
  wish_.controls.recipe.parameterization = ParameterizationKind::cppn;
  wish_.grid_runs = true;
  ++wish_.grids;
  wish_.focus.reset();
  obey();
  wish_.grids += 1;
  obey();
  EXPECT_FALSE(now_.lens.grid);
  EXPECT_NE(now_.message, "");
  EXPECT_FALSE(workshop_->has_work());
}

TEST_F(LensTest, GroupsAreOfWhatIsLookedAt) {
  obey();
  EXPECT_FALSE(now_.lens.maps) << "nobody looks";
  wish_.lens = {Lens::Kind::groups, 4};
  const auto expect_groups = [&](const std::string &photo) {
    ASSERT_TRUE(now_.lens.maps && now_.lens.groups) << now_.message;
    EXPECT_EQ(now_.lens.layer, wish_.layer);
    const Array maps = features(photo);
    EXPECT_EQ(now_.lens.maps->shape, maps.shape);
    EXPECT_TRUE(now_.lens.maps->data == maps.data);
    const ActivationGroups groups = group_activations(maps, wish_.lens.groups, wish_.layer);
    ASSERT_EQ(now_.lens.groups->groups.size(), groups.groups.size());
    for (std::size_t i = 0; i < groups.groups.size(); ++i)
      EXPECT_EQ(now_.lens.groups->groups[i].vector, groups.groups[i].vector);
    ASSERT_TRUE(textures_.groups);
    EXPECT_GE(textures_.groups->cells(), wish_.lens.groups + 1);
  };
  obey();
  expect_groups(cat);
  wish_.lens.groups = 7;
  obey();
  expect_groups(cat);
  wish_.layer = "conv4";
  obey();
  expect_groups(cat);
  open_photo(cup);
  expect_groups(cup);
  wish_.photo.clear();
  obey();
  EXPECT_FALSE(now_.lens.maps);
  EXPECT_FALSE(now_.lens.groups);
  EXPECT_FALSE(textures_.groups);
}

TEST_F(LensTest, ALongerLeashIsNotMeasuredAnew) {
  const ImageRgb8 photo = read_image(cup), other = read_image(cat);
  FocusJob job(session_, whole_slices(session_.device().info()));
  job.look_at(photo, {});
  FocusTask task;
  task.unit = Unit{"conv2", 5};
  task.aim.kind = Aim::Kind::accentuation;
  task.controls.recipe = recipe("accentuate");
  task.controls.size = 48;
  task.controls.start = StartFrom::photo;
  job.set(task);
  EXPECT_EQ(job.balances_measured(), 1);
  for (const double leash : {0.2, 3.0, 0.1}) {
    job.advance();
    task.aim.leash = leash;
    job.set(task);
  }
  EXPECT_EQ(job.balances_measured(), 1);
  task.unit->channel = 6;
  job.set(task);
  EXPECT_EQ(job.balances_measured(), 2);
  task.controls.size = 64;
  job.set(task);
  EXPECT_EQ(job.balances_measured(), 3);
  job.look_at(other, {});
  job.set(task);
  EXPECT_EQ(job.balances_measured(), 4);
}

TEST(Turns, AreByWeight) {
  Turns turns({2, 3, 1});
  std::array<int, 3> had{};
  for (int i = 0; i < 600; ++i) {
    const std::size_t who = turns.next({true, true, true});
    turns.spent(who, 0.01);
    ++had.at(who);
  }
  EXPECT_NEAR(had[0], 200, 2);
  EXPECT_NEAR(had[1], 300, 2);
  EXPECT_NEAR(had[2], 100, 2);
  // Who rested does not catch up.
  for (int i = 0; i < 100; ++i) {
    const std::size_t who = turns.next({true, false, false});
    EXPECT_EQ(who, 0U);
    turns.spent(who, 0.01);
  }
  had = {};
  for (int i = 0; i < 90; ++i) {
    const std::size_t who = turns.next({true, false, true});
    turns.spent(who, 0.01);
    ++had.at(who);
  }
  EXPECT_NEAR(had[0], 60, 2);
  EXPECT_NEAR(had[2], 30, 2);
}

} // namespace
} // namespace convscope::viewer
