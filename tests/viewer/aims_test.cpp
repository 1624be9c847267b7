// What is asked of the focus: typed objectives, parameterizations, opacity, paths, caricatures, faces, accentuation.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "session/optimize_run.h"
#include "viewer/workshop_fixture.h"
#include "visualization/interpolation.h"
#include "visualization/parameterizations/forms.h"

namespace convscope::viewer {
namespace {

using AimsTest = FocusedWorkshop;

// What the text field shows of a text: whether it can be asked for, or what is wrong and where.
TEST_F(AimsTest, ReadsObjectivesAsTheyAreTyped) {
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

TEST_F(AimsTest, ATypedObjectiveIsMade) {
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

TEST_F(AimsTest, AllParameterizationsAreMade) {
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
TEST_F(AimsTest, AnOpacityIsSeenAndSaved) {
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
TEST_F(AimsTest, APathIsMadeAndSaved) {
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
TEST_F(AimsTest, ACaricatureNeedsItsPhoto) {
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
TEST_F(AimsTest, FacesDiffer) {
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
  wish_.aim.difference = 250;
  obey();
  EXPECT_GE(first().steps, steps);
  EXPECT_EQ(now_.focus.objective, "conv2:5 - 250*diversity(conv2)");
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
TEST_F(AimsTest, AnAccentuationBeginsWithThePhoto) {
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

} // namespace
} // namespace convscope::viewer
