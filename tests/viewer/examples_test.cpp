// The photos that excite the focused unit most, as the worker finds them beside its other work.
#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/examples.h"
#include "graph/names.h"
#include "importers/temporary.h"
#include "io/png.h"
#include "viewer/workshop_fixture.h"

namespace convscope::viewer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ExamplesTest : public WorkshopFixture {
protected:
  static constexpr int photos = 40;

  ExamplesTest() : WorkshopFixture("conv5") {
    fs::create_directories(scratch_ / "photos/deeper");
    for (int i = 0; i < photos; ++i) {
      ImageRgb8 photo(60 + 3 * i, 80);
      for (std::size_t p = 0; p < photo.pixels.size(); ++p)
        photo.pixels[p] = static_cast<std::uint8_t>(p * p * static_cast<std::size_t>(i + 3) >> 6);
      write_png(scratch_ / ("photos/" + std::string(i % 2 ? "deeper/" : "") + std::to_string(i) + ".png"), photo);
    }
    wish_.running = false;
    wish_.controls.size = 64;
    wish_.focus = Unit{"conv2", 5};
    wish_.photos_seen.folder = (scratch_ / "photos").string();
    wish_.photos_seen.database = (scratch_ / "seen.sqlite").string();
  }
  using Stage = ExamplesState::Stage;
  const ExamplesState &state() const { return now_.examples; }
  bool shows(const Unit &unit) const { return state().shown == unit && state().stage == Stage::done; }

  // Works and waits until the snapshot is as wanted: threads have a part in it.
  bool comes(const std::function<bool()> &wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    for (; !wanted(); workshop_->work()) {
      if (std::chrono::steady_clock::now() > end)
        return false;
      if (!workshop_->has_work())
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  // What the command finds.
  void expect_found(const Unit &unit) {
    ASSERT_TRUE(comes([&] { return shows(unit) && state().seen == photos; })) << state().problem << now_.message;
    ExamplesRequest request;
    request.folder = scratch_ / "photos";
    request.layers = {find_layer(session_.graph(), unit.layer)};
    request.channels = {unit.channel};
    request.top = shown_examples;
    ExamplesRun run(session_, request);
    while (!run.done())
      run.advance();
    const ChannelExamples right = run.results(request.layers[0]).at(0);
    EXPECT_EQ(state().excited, right.excited);
    ASSERT_EQ(state().top.size(), right.top.size());
    for (std::size_t i = 0; i < right.top.size(); ++i) {
      const ExamplesState::Shown &shown = state().top[i];
      EXPECT_EQ(shown.file, right.top[i].file) << i;
      EXPECT_FLOAT_EQ(shown.value, right.top[i].value) << i;
      const ImageRgb8 photo = read_image((scratch_ / "photos" / right.top[i].file).string());
      EXPECT_NEAR(shown.left * static_cast<float>(photo.width), right.top[i].box.x, 1e-3);
      EXPECT_NEAR(shown.bottom * static_cast<float>(photo.height), right.top[i].box.y + right.top[i].box.height, 1e-3);
      EXPECT_FLOAT_EQ(shown.photo_aspect, static_cast<float>(photo.width) / static_cast<float>(photo.height));
      EXPECT_TRUE(shown.readable);
    }
  }
  void expect_problem(const std::string &part) {
    ASSERT_TRUE(comes([&] { return !state().problem.empty(); }));
    EXPECT_THAT(state().problem, HasSubstr(part));
    EXPECT_EQ(state().problem.find('\n'), std::string::npos);
    EXPECT_FALSE(workshop_->has_work());
  }
  // As a new start of the program.
  void start_anew() {
    SetUp();
    obey();
  }

  TemporaryFolder scratch_;
};

TEST_F(ExamplesTest, AreThoseOfTheCommandForAnyUnit) {
  std::ofstream(scratch_ / "photos/broken.png") << "no picture";
  obey();
  EXPECT_EQ(now_.message, "");
  expect_found({"conv2", 5});
  ASSERT_TRUE(textures_.examples && textures_.example_photos);
  EXPECT_GE(textures_.examples->cells(), shown_examples);
  EXPECT_EQ(state().skipped_count, 1);
  EXPECT_THAT(state().skipped.at(0), HasSubstr("broken.png: "));
  EXPECT_EQ(state().photos, photos + 1);

  // Another of its units: nothing is looked at again. Another layer, and back: what was seen is known.
  wish_.focus = Unit{"conv2", 77};
  obey();
  EXPECT_FALSE(workshop_->has_work());
  expect_found({"conv2", 77});
  wish_.focus = Unit{"conv3", 8};
  obey();
  expect_found({"conv3", 8});
  wish_.focus = Unit{"conv2", 5, 1, 1}; // at one place of its map
  obey();
  ASSERT_TRUE(comes([&] { return shows({"conv2", 5}); }));
  EXPECT_FALSE(workshop_->has_work());

  wish_.focus = Unit{"conv2", -1}; // a layer as a whole has none
  obey();
  EXPECT_FALSE(workshop_->has_work());
  wish_.photos_seen.folder.clear();
  obey();
  EXPECT_EQ(state().folder, "");
  EXPECT_FALSE(textures_.examples);
}

TEST_F(ExamplesTest, ANewStartGoesOn) {
  obey();
  ASSERT_TRUE(comes([&] { return state().looked_at > 0; }));
  start_anew();
  ASSERT_TRUE(comes([&] { return state().stage == Stage::looking || state().stage == Stage::done; }));
  EXPECT_GT(state().looked_at, 0) << "what was seen is gone";
  expect_found({"conv2", 5});
  start_anew();
  expect_found({"conv2", 5});
}

TEST_F(ExamplesTest, TheFocusGoesOnMeanwhile) {
  wish_.running = true;
  obey();
  ASSERT_TRUE(comes([&] { return state().stage == Stage::looking; }));
  const int steps = now_.focus.first.steps;
  expect_found({"conv2", 5});
  EXPECT_GT(now_.focus.first.steps, steps);
}

TEST_F(ExamplesTest, AreStoppedAndGoOn) {
  wish_.photos_seen.runs = false;
  obey();
  EXPECT_FALSE(workshop_->has_work());
  wish_.photos_seen.runs = true;
  obey();
  ASSERT_TRUE(comes([&] { return state().stage == Stage::looking && workshop_->has_work(); }));
  wish_.photos_seen.runs = false;
  obey();
  EXPECT_FALSE(workshop_->has_work());
  EXPECT_EQ(state().stage, Stage::looking);
  wish_.photos_seen.runs = true;
  obey();
  expect_found({"conv2", 5});
}

TEST_F(ExamplesTest, WhatCannotBeIsSaidInOneLine) {
  wish_.photos_seen.folder = (scratch_ / "none").string();
  obey();
  expect_problem("none: there is no such folder");
  fs::create_directories(scratch_ / "empty");
  wish_.photos_seen.folder = (scratch_ / "empty").string();
  obey();
  expect_problem("empty: holds no PNG, JPEG or WebP");
  EXPECT_FALSE(fs::exists(wish_.photos_seen.database));
  fs::create_directories(scratch_ / "broken");
  std::ofstream(scratch_ / "broken/one.jpg") << "no picture";
  wish_.photos_seen.folder = (scratch_ / "broken").string();
  obey();
  expect_problem("broken: none of its 1 pictures can be read: one.jpg: ");
  wish_.photos_seen.folder = (scratch_ / "photos").string();
  std::ofstream(scratch_ / "text.sqlite")
      << "no database, but as long as the header of one, and somewhat longer yet: so "
         "that it is not taken for a new one";
  wish_.photos_seen.database = (scratch_ / "text.sqlite").string();
  obey();
  expect_problem("text.sqlite: is no database");
  { // of another net
    Session other;
    other.load({"vgg16", "", ""});
    ExamplesRequest request;
    request.folder = scratch_ / "broken";
    request.layers = {find_layer(other.graph(), "block1_conv1")};
    request.database = scratch_ / "vgg.sqlite";
    const ExamplesRun run(other, request);
  }
  wish_.photos_seen.database = (scratch_ / "vgg.sqlite").string();
  obey();
  expect_problem("is of vgg16, not of alexnet");
  const SeenDatabase held(scratch_ / "held.sqlite", "net", "name");
  wish_.photos_seen.database = (scratch_ / "held.sqlite").string();
  obey();
  expect_problem("is in use by another process");
  // Mended, it is asked again.
  wish_.photos_seen.database = (scratch_ / "seen.sqlite").string();
  obey();
  expect_found({"conv2", 5});
}

TEST_F(ExamplesTest, AFolderThatGoes) {
  const int many = 150; // more than are read ahead
  for (int i = photos; i < many; ++i)
    write_png(scratch_ / fmt::format("photos/{}.png", i), ImageRgb8(20, 20, static_cast<std::uint8_t>(i)));
  obey();
  ASSERT_TRUE(comes([&] { return state().stage == Stage::looking; }));
  fs::rename(scratch_ / "photos", scratch_ / "gone");
  expect_problem("is gone; what was seen of it is kept");
  fs::rename(scratch_ / "gone", scratch_ / "photos");
  ++wish_.photos_seen.opened;
  obey();
  ASSERT_TRUE(comes([&] { return state().stage == Stage::done; }));
  EXPECT_EQ(state().looked_at, many);
  EXPECT_EQ(state().problem, "");
}

// Its threads read the net.
TEST_F(ExamplesTest, AnotherNetBeginsAnew) {
  obey();
  wish_.photos_seen.database = (scratch_ / "vgg.sqlite").string();
  wish_.model = {"vgg16", "", ""};
  ++wish_.models;
  wish_.layer = "block1_conv2";
  wish_.focus = Unit{"block1_conv2", 5};
  obey();
  ASSERT_TRUE(comes([&] { return state().layer == "block1_conv2"; })) << now_.message;
}

} // namespace
} // namespace convscope::viewer
