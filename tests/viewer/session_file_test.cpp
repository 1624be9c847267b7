#include "viewer/session_file.h"

#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"

namespace convscope::viewer {
namespace {

namespace fs = std::filesystem;

class SessionFile : public testing::Test {
protected:
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  std::string error_of(const std::string &path) {
    try {
      read_session(path);
    } catch (const UserError &error) {
      return error.what();
    }
    return "";
  }

  fs::path folder = fs::temp_directory_path() / fmt::format("convscope-session-{}", std::random_device{}());
  std::string file = (folder / "a b.convscope").string();
};

Array array(std::vector<std::int64_t> shape) {
  Array result{std::move(shape), {}};
  std::size_t size = 1;
  for (const std::int64_t side : result.shape)
    size *= static_cast<std::size_t>(side);
  for (std::size_t i = 0; i < size; ++i)
    result.data.push_back(static_cast<float>(i) * 0.37F - 1);
  return result;
}

void expect_equal(const Array &a, const Array &b) {
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.data, b.data);
}

SavedSession session() {
  SavedSession saved;
  saved.wish.model = {"/tmp/net.onnx", "/tmp/w.h5", "raw"};
  saved.wish.photo = "/tmp/a photo.png";
  saved.wish.layer = "conv5";
  saved.wish.focus = Unit{"conv5", 45, 3, 2};
  saved.wish.place = {0.25F, 0.75F};
  saved.wish.running = false;
  saved.wish.controls.recipe = recipe("article");
  saved.wish.controls.recipe.decorrelate_colours = false;
  saved.wish.controls.recipe.lr = 0.125;
  saved.wish.controls.recipe.steps = 77;
  saved.wish.controls.size = 96;
  saved.wish.controls.seed = 0xfedcba9876543210;
  saved.wish.controls.start = StartFrom::photo;
  saved.wish.second = recipe("plain");
  saved.wish.style = "/tmp/a style.png";
  saved.wish.aim = {Aim::Kind::typed, "conv5:45 - 100*diversity(conv5)", 4, 0.5};
  saved.wish.lens = {Lens::Kind::groups, 9};
  saved.wish.aim.to = "conv5:46";
  saved.wish.aim.difference = 700;
  saved.wish.own = Controls{recipe("lucid"), 64, 7, StartFrom::noise, true};
  saved.wish.photos_seen.folder = "/tmp/photos";
  saved.wish.photos_seen.database = "/tmp/seen.sqlite";
  SavedFocus focus;
  focus.steps = 21;
  focus.branch = 1;
  focus.every = 2;
  focus.untouched = false;
  focus.values = {0, 1.5F, -3};
  focus.norms = {1, 2, 3};
  focus.state = {array({1, 3, 4, 3, 2}), array({1, 3, 4, 3, 2}), array({1, 3, 4, 3, 2}), 20};
  focus.kept.push_back({{7, 1, 0, 0.5F}, array({1, 3, 2, 2}), recipe("lucid"), ImageRgb8(5, 4)});
  focus.kept[0].thumbnail.pixels[7] = 200;
  saved.focus = focus;
  return saved;
}

TEST_F(SessionFile, RoundTrip) {
  const SavedSession saved = session();
  write_session(file, saved);
  const SavedSession read = read_session(file);
  EXPECT_EQ(read.wish, saved.wish);
  ASSERT_TRUE(read.focus);
  EXPECT_EQ(read.focus->steps, 21);
  EXPECT_EQ(read.focus->branch, 1);
  EXPECT_EQ(read.focus->every, 2);
  EXPECT_FALSE(read.focus->untouched);
  EXPECT_EQ(read.focus->values, saved.focus->values);
  EXPECT_EQ(read.focus->norms, saved.focus->norms);
  expect_equal(read.focus->state.parameters, saved.focus->state.parameters);
  expect_equal(read.focus->state.second_moments, saved.focus->state.second_moments);
  EXPECT_EQ(read.focus->state.steps, 20);
  ASSERT_EQ(read.focus->kept.size(), 1U);
  EXPECT_EQ(read.focus->kept[0].moment.step, 7);
  expect_equal(read.focus->kept[0].parameters, saved.focus->kept[0].parameters);
  EXPECT_EQ(read.focus->kept[0].thumbnail.pixels, saved.focus->kept[0].thumbnail.pixels);
}

// It opens from any folder.
TEST_F(SessionFile, NamesFilesByTheirWholePaths) {
  SavedSession saved = session();
  saved.wish.model = {"net.onnx", "", ""};
  saved.wish.model.labels = "classes.txt";
  saved.wish.photo = "cat.png";
  write_session(file, saved);
  const Wish read = read_session(file).wish;
  const std::filesystem::path here = std::filesystem::current_path();
  EXPECT_EQ(read.model.model, (here / "net.onnx").string());
  EXPECT_EQ(read.model.labels, (here / "classes.txt").string());
  EXPECT_EQ(read.model.weights, "");
  EXPECT_EQ(read.photo, (here / "cat.png").string());

  saved.wish.model = {"vgg16", "", ""};
  saved.wish.photo.clear();
  write_session(file, saved);
  EXPECT_EQ(read_session(file).wish.model.model, "vgg16") << "no file";
  EXPECT_EQ(read_session(file).wish.photo, "");
}

TEST_F(SessionFile, KnowsAllAims) {
  SavedSession saved = session();
  for (const Aim::Kind kind : {Aim::Kind::unit, Aim::Kind::faces, Aim::Kind::caricature, Aim::Kind::accentuation}) {
    saved.wish.aim.kind = kind;
    saved.wish.focus->channel = kind == Aim::Kind::caricature ? -1 : 3;
    write_session(file, saved);
    EXPECT_EQ(read_session(file).wish, saved.wish);
  }
}

TEST_F(SessionFile, WithoutAFocus) {
  write_session(file, {Wish{}, std::nullopt});
  EXPECT_FALSE(read_session(file).focus);
}

TEST_F(SessionFile, OtherFilesAreRefused) {
  EXPECT_NE(error_of(file), "") << "there is none";
  write_file_atomically(file, std::string_view("no session"));
  EXPECT_EQ(error_of(file), file + ": is no session of Convscope");
}

// Whatever is damaged gives one line or another session, never a crash.
TEST_F(SessionFile, DamagedFilesAreSurvived) {
  write_session(file, session());
  const std::vector<std::uint8_t> whole = read_file(file);
  std::mt19937 random(3);
  const std::string damaged = (folder / "damaged.convscope").string();
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::vector<std::uint8_t> bytes = whole;
    if (i % 4 == 0)
      bytes.resize(1 + random() % bytes.size());
    else
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    write_file_atomically(damaged, std::span<const std::uint8_t>(bytes));
    const std::string error = error_of(damaged);
    refused += !error.empty();
    EXPECT_TRUE(error.empty() || error.starts_with(damaged)) << error;
  }
  EXPECT_GT(refused, 90);
}

} // namespace
} // namespace convscope::viewer
