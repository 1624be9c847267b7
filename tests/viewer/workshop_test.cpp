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
#include "importers/temporary.h"
#include "session/optimize_run.h"
#include "viewer/workshop_fixture.h"
#include "visualization/interpolation.h"
#include "visualization/parameterizations/forms.h"

namespace convscope::viewer {
namespace {

class WorkshopTest : public WorkshopFixture {
protected:
  WorkshopTest() : WorkshopFixture("conv5") {
    wish_.controls.size = 64;
    wish_.focus = Unit{"conv2", 5};
  }

  // As the window asks for a net.
  void open(const std::string &model) {
    wish_.model = {model, "", ""};
    ++wish_.models;
    wish_.layer.clear();
    wish_.focus.reset();
    obey();
  }
  const RunState &first() const { return now_.focus.first; }
  int second_steps() const { return now_.focus.second ? now_.focus.second->steps : -1; }

  TemporaryFolder folder_;
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

// What the text field shows of a text: whether it can be asked for, or what is wrong and where.
TEST_F(WorkshopTest, ReadsObjectivesAsTheyAreTyped) {
  const auto read = [&](const std::string &text) {
    wish_.draft = text;
    obey();
    EXPECT_EQ(now_.reading.text, text);
    return now_.reading;
  };
  EXPECT_EQ(read("conv5:3").problem, "");
  EXPECT_TRUE(now_.reading.plain);
  EXPECT_EQ(now_.reading.unit, (Unit{"conv5", 3}));
  EXPECT_EQ(read(" conv5:3@0,0").unit, (Unit{"conv5", 3, 0, 0}));
  EXPECT_FALSE(read("2*conv5:3 - tv").plain);
  EXPECT_EQ(now_.reading.unit, (Unit{"conv5", 3}));
  EXPECT_EQ(read("-tv").problem, "");
  EXPECT_EQ(now_.reading.unit, (Unit{"", -1}));
  EXPECT_TRUE(read("conv5:3 - 100*diversity(conv4)").company);

  EXPECT_NE(read("conv5:3 + cnv4:1").problem.find("did you mean"), std::string::npos) << now_.reading.problem;
  EXPECT_EQ(now_.reading.at, 10U);
  EXPECT_EQ(now_.reading.length, 4U);
  EXPECT_NE(read("conv5:3 + conv4:999").problem, "");
  EXPECT_EQ(now_.reading.at, 10U) << "of the term that is wrong";
  EXPECT_EQ(now_.reading.length, 9U);
  EXPECT_NE(read("conv5:1 - style(conv4)").problem.find("style picture"), std::string::npos);
  EXPECT_EQ(now_.reading.at, 10U);
  EXPECT_NE(read("caricature(conv4)").problem.find("open one"), std::string::npos) << "there is no photo";
  wish_.photo = cat;
  obey();
  EXPECT_EQ(now_.reading.problem, "") << "now there is one";
}

TEST_F(WorkshopTest, ATypedObjectiveIsMade) {
  wish_.aim = {Aim::Kind::typed, "conv2:5 - 0.5*conv3:7 - 0.0001*tv"};
  wish_.photo = cat;
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 3; })) << now_.message;
  EXPECT_EQ(now_.focus.objective, wish_.aim.typed);
  EXPECT_EQ(now_.focus.map.channel, 5) << "of its first unit";
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  EXPECT_EQ(saved_.objectives, std::vector<std::string>{wish_.aim.typed});
  EXPECT_TRUE(saved_.untouched);
  EXPECT_EQ(saved_.photo, "") << "it does not compare with it";

  wish_.aim.typed = "-l2(0.25)"; // of no layer
  wish_.focus = Unit{"", -1};
  obey();
  ASSERT_TRUE(works_until([&] { return now_.focus.objective == "-l2(0.25)" && first().steps >= 3; })) << now_.message;
  EXPECT_EQ(now_.focus.map.channel, -1);

  wish_.aim.typed = "conv2:5 - conv9:1"; // as of a session of another net
  wish_.focus = Unit{"conv2", 5};
  obey();
  EXPECT_NE(now_.message.find("conv9"), std::string::npos);
  EXPECT_FALSE(now_.focus.unit);
}

TEST_F(WorkshopTest, AllParameterizationsAreMade) {
  for (const ParameterizationForm &form : parameterization_forms()) {
    SCOPED_TRACE(form.name);
    wish_.controls.recipe = recipe("lucid");
    set_parameterization(wish_.controls.recipe, form.kind);
    wish_.aim.images = form.coupled ? 4 : 1;
    ++wish_.restarts;
    obey();
    ASSERT_TRUE(works_until([&] { return first().steps >= 2; })) << now_.message;
    workshop_->save({SaveRequest::What::focus, "unused.png"});
    EXPECT_EQ(saved_.recipe.parameterization, form.kind);
    EXPECT_EQ(saved_.images.size(), form.coupled ? 4U : 1U);
  }
  // The wall's images come and go: they have nothing in common.
  wish_.wall_images = true;
  wish_.in_view = {0};
  obey();
  ASSERT_TRUE(works_until([&] { // there are finished images
    workshop_->save({SaveRequest::What::wall, "wall.png"});
    return saved_.path == "wall.png";
  }));
  EXPECT_EQ(saved_.recipe.parameterization, ParameterizationKind::fft);
}

// As `optimize --alpha` makes it.
TEST_F(WorkshopTest, AnOpacityIsSeenAndSaved) {
  for (const ParameterizationKind kind : {ParameterizationKind::fft, ParameterizationKind::maco}) {
    wish_.controls.recipe = recipe("plain");
    set_parameterization(wish_.controls.recipe, kind);
    wish_.controls.opacity = true;
    ++wish_.restarts;
    obey();
    ASSERT_TRUE(works_until([&] { return first().steps >= 4; })) << now_.message;
    workshop_->save({SaveRequest::What::focus, "unused.png"});
    EXPECT_TRUE(saved_.opacity);
    EXPECT_TRUE(saved_.untouched);
    ASSERT_EQ(saved_.images.size(), 1U);
    OptimizeRequest request;
    request.objectives = {session_.objective("conv2:5")};
    request.recipe = wish_.controls.recipe;
    request.options.width = request.options.height = 64;
    request.options.opacity = true;
    request.steps = {saved_.images[0].steps};
    OptimizeRun run(session_, request);
    while (!run.done())
      run.advance(1000);
    const Array right = run.results().at(0).image;
    EXPECT_EQ(right.shape, (std::vector<std::int64_t>{4, 64, 64}));
    EXPECT_TRUE(saved_.images[0].image.data == right.data);
    ASSERT_FALSE(now_.focus.history.empty());
  }
  wish_.controls.opacity = false; // is another image
  obey();
  EXPECT_LT(first().steps, 4);
  wish_.controls.opacity = true;
  wish_.controls.start = StartFrom::photo; // which tells none
  wish_.controls.recipe = recipe("plain");
  wish_.photo = cat;
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 2; })) << now_.message;
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  EXPECT_FALSE(saved_.opacity);
  EXPECT_EQ(saved_.images.at(0).image.shape.at(0), 3);
}

// As `optimize --from --to` makes it.
TEST_F(WorkshopTest, APathIsMadeAndSaved) {
  wish_.aim = {Aim::Kind::path, "conv2:5", 3};
  wish_.aim.to = "conv2:9 - 0.001*tv";
  set_parameterization(wish_.controls.recipe, ParameterizationKind::shared);
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 3; })) << now_.message;
  EXPECT_EQ(now_.focus.images, 3);
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  EXPECT_EQ(saved_.path_from, "conv2:5");
  EXPECT_EQ(saved_.path_to, wish_.aim.to);
  EXPECT_EQ(saved_.variants, 1);
  EXPECT_TRUE(saved_.untouched);
  ASSERT_EQ(saved_.images.size(), 3U);
  ASSERT_EQ(saved_.objectives.size(), 3U);
  EXPECT_EQ(saved_.objectives.back(), wish_.aim.to);
  OptimizeRequest request;
  request.objectives = interpolated(session_.objective("conv2:5"), session_.objective(wish_.aim.to), 3);
  request.recipe = wish_.controls.recipe;
  request.options.width = request.options.height = 64;
  request.steps.assign(3, saved_.images[0].steps);
  OptimizeRun run(session_, request);
  while (!run.done())
    run.advance(1000);
  const std::vector<OptimizedImage> right = run.results();
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(saved_.images[i].image.data == right.at(i).image.data) << i;

  wish_.aim.to = "conv9:1"; // as of a session of another net
  obey();
  EXPECT_NE(now_.message.find("conv9"), std::string::npos);
  EXPECT_FALSE(now_.focus.unit);
  wish_.aim.to = "conv2:6";
  wish_.aim.images = 1;
  obey();
  EXPECT_NE(now_.message.find("two images"), std::string::npos);
}

// In the photo's proportions; without a photo it says so, and goes on when there is one.
TEST_F(WorkshopTest, ACaricatureNeedsItsPhoto) {
  wish_.aim.kind = Aim::Kind::caricature;
  wish_.focus = Unit{"conv3", -1};
  obey();
  EXPECT_NE(now_.message.find("photo"), std::string::npos);
  EXPECT_FALSE(now_.focus.unit);
  wish_.photo = cat;
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 3; })) << now_.message;
  EXPECT_EQ(now_.focus.objective, "caricature(conv3)");
  EXPECT_EQ(now_.focus.width, 78); // as many pixels as 64x64, as 451x300
  EXPECT_EQ(now_.focus.height, 52);
  EXPECT_EQ(now_.focus.map.channel, -1);
  EXPECT_GT(first().values.back(), first().values.front());
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  EXPECT_EQ(saved_.photo, cat);
  EXPECT_FALSE(saved_.from_photo);

  wish_.photo = cup; // is another objective
  obey();
  EXPECT_LT(first().steps, 3);
  ASSERT_TRUE(works_until([&] { return first().steps >= 2; })) << now_.message;
}

// All four run on together, go back in time together, and are saved together.
TEST_F(WorkshopTest, FacesDiffer) {
  wish_.aim = {Aim::Kind::faces, "", 4};
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 6; })) << now_.message;
  EXPECT_EQ(now_.focus.objective, "conv2:5 - 100*diversity(conv2)");
  EXPECT_EQ(now_.focus.images, 4);
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  ASSERT_EQ(saved_.images.size(), 4U);
  EXPECT_EQ(saved_.variants, 4);
  EXPECT_EQ(saved_.objectives.size(), 4U);
  EXPECT_NE(saved_.images[0].image.data, saved_.images[3].image.data);
  const int steps = first().steps;
  wish_.controls.size = 96; // goes on from these four
  obey();
  EXPECT_GE(first().steps, steps);
  ASSERT_TRUE(works_until([&] { return first().steps >= steps + 2 && now_.focus.width == 96; })) << now_.message;
  const std::string file = (folder_ / "faces.convscope").string();
  workshop_->save({SaveRequest::What::session, file});
  const SavedSession session = read_session(file);
  ASSERT_TRUE(session.focus);
  EXPECT_EQ(session.focus->state.parameters.shape.at(0), 4);
  wish_.aim = {};
  obey();
  EXPECT_EQ(now_.focus.images, 1);
  wish_ = session.wish;
  workshop_->obey(wish_, session.focus);
  EXPECT_EQ(now_.focus.images, 4);
  EXPECT_EQ(first().steps, session.focus->steps) << now_.message;
  ASSERT_TRUE(works_until([&] { return first().steps > session.focus->steps; }));
}

// From the photo on; a longer leash goes on from what there is.
TEST_F(WorkshopTest, AnAccentuationBeginsWithThePhoto) {
  wish_.aim.kind = Aim::Kind::accentuation;
  wish_.aim.leash = 0.1;
  wish_.controls.start = StartFrom::photo;
  wish_.photo = cat;
  obey();
  ASSERT_TRUE(works_until([&] { return first().steps >= 2; })) << now_.message;
  EXPECT_EQ(now_.focus.objective, "conv2:5 + 0.1*stay(conv2)");
  EXPECT_TRUE(now_.focus.changes);
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  EXPECT_TRUE(saved_.from_photo && saved_.untouched);
  const Array photo = session_.picture(read_image(cat), {now_.focus.width, now_.focus.height});
  double distance = 0;
  for (std::size_t i = 0; i < photo.data.size(); ++i)
    distance += std::abs(photo.data[i] - saved_.images[0].image.data[i]);
  EXPECT_LT(distance / static_cast<double>(photo.data.size()), 0.15) << "it is not the photo that it began with";
  EXPECT_GT(distance, 0);
  const int steps = first().steps;
  wish_.aim.leash = 0.25;
  obey();
  EXPECT_GE(first().steps, steps) << "it begins anew";
  ASSERT_TRUE(works_until([&] { return first().steps > steps; }));
  EXPECT_EQ(now_.focus.objective, "conv2:5 + 0.25*stay(conv2)");
  workshop_->save({SaveRequest::What::focus, "unused.png"});
  EXPECT_FALSE(saved_.untouched);
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
