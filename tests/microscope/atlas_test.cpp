// Activation atlases of a folder: every photo has its place, what is seen is kept, what can't be drawn is said.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <set>

#include "io/image.h"
#include "io/png.h"
#include "io/resize.h"
#include "program/program.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class Atlas : public ProgramTest {
protected:
  Atlas() { fs::create_directories(path("photos")); }

  // Parts of two photos in small steps: neighbours are alike.
  void make_photos(int count) const {
    for (const char *source : {"chelsea", "coffee"}) {
      const ImageRgb8 from = read_image(std::string(CONVSCOPE_SOURCE_DIR "/docs/photos/") + source + ".png");
      for (int i = 0; i < count / 2; ++i)
        write_png(path("photos/" + std::string(source) + std::to_string(100 + i) + ".png"),
                  to_rgb8(resize(from, {5 * i, 3 * i, 120, 120}, 96, 96)));
    }
  }
  Arguments atlas(const Arguments &more, const std::string &layer = "conv5") const {
    Arguments all{"atlas", "--model", "alexnet", "--images", "photos", "--layer", layer, "--input-size", "96"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Atlas, EveryPhotoHasItsPlace) {
  make_photos(40);
  const Arguments asked = atlas({"--side", "3", "--cell-points", "1", "--db", "seen.sqlite", "--json"});
  const Result result = run(asked);
  ASSERT_EQ(result.status, 0) << result.told;
  expect_silent_validation(result);
  EXPECT_THAT(result.told, HasSubstr("too few to show what conv5 sees: 500 are the least"));
  const json told = parse_json(result.out);
  EXPECT_EQ(told.at("photos"), 40);
  std::set<std::string> files;
  int cats_alone = 0, cells = 0;
  for (const json &cell : told.at("cells")) {
    EXPECT_TRUE(cell.at("column").get<int>() < 3 && cell.at("row").get<int>() < 3);
    std::size_t cats = 0;
    for (const json &point : cell.at("points")) {
      EXPECT_TRUE(files.insert(point.at("file").get<std::string>()).second);
      cats += point.at("file").get<std::string>().starts_with("chelsea") ? 1 : 0;
      for (const char *axis : {"x", "y"}) // not the border of 5 x 5 positions
        EXPECT_TRUE(point.at(axis).get<int>() >= 1 && point.at(axis).get<int>() <= 3);
    }
    ++cells;
    cats_alone += cats == 0 || cats == cell.at("points").size() ? 1 : 0;
  }
  EXPECT_EQ(files.size(), 40U);
  EXPECT_GT(2 * cats_alone, cells); // cats lie with cats
  const Result again = run(asked);
  EXPECT_EQ(again.out, result.out);
  EXPECT_THAT(again.told, ::testing::Not(HasSubstr("photos/s"))); // they were seen
}

TEST_F(Atlas, IsDrawnAsAGridOfCells) {
  make_photos(24);
  const Arguments asked = atlas({"--side", "2", "--cell-points", "2", "--size", "40", "--steps", "2", "-o", "a.png"});
  const Result result = run(asked);
  ASSERT_EQ(result.status, 0) << result.told;
  expect_silent_validation(result);
  const ImageRgb8 page = read_image(path("a.png"));
  EXPECT_EQ(page.width, 80);
  EXPECT_EQ(page.height, 80);
  EXPECT_GT(std::set<std::uint8_t>(page.pixels.begin(), page.pixels.end()).size(), 40U);
}

TEST_F(Atlas, IsAPageOfAMicroscope) {
  make_photos(22);
  const Arguments asked{"microscope", "--model", "alexnet",     "--layers", "conv5",    "--channels", "0",
                        "--steps",    "2",       "--size",      "40",       "--images", "photos",     "--atlas",
                        "conv5",      "--db",    "seen.sqlite", "-o",       "site"};
  const Result result = run(asked);
  ASSERT_EQ(result.status, 0) << result.told;
  expect_silent_validation(result);
  EXPECT_THAT(result.err, HasSubstr("--atlas conv5: 22 photos are too few"));
  EXPECT_THAT(bytes("site/index.html"), HasSubstr("<a href=\"atlas/conv5.html\">conv5</a>"));
  const std::string page = bytes("site/atlas/conv5.html");
  int links = 0;
  for (const std::string &start : {std::string("href=\""), std::string("src=\"")})
    for (std::size_t at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
      const std::string link = page.substr(at + start.size(), page.find('"', at + start.size()) - at - start.size());
      if (link.starts_with("data:"))
        continue;
      EXPECT_TRUE(fs::exists(path("site/atlas") / link)) << link;
      links += link.starts_with("../images/conv5/atlas/") ? 1 : 0;
    }
  EXPECT_GE(links, 3); // cells
  std::map<std::string, std::string> before;
  for (const std::string &file : files())
    if (file.starts_with("site/") && fs::is_regular_file(path(file)))
      before[file] = bytes(file);
  fs::remove(path("site/images/conv5/atlas").string() + "/" +
             fs::path([&] { // as if a kill had come in between
               for (const auto &[file, content] : before)
                 if (file.starts_with("site/images/conv5/atlas/") && file.ends_with(".json"))
                   return file;
               return std::string("none");
             }())
                 .filename()
                 .string());
  ASSERT_EQ(run(asked).status, 0);
  for (const auto &[file, content] : before)
    EXPECT_EQ(bytes(file), content) << file;
  refused({"microscope", "--model", "alexnet", "--atlas", "conv5", "-o", "other"}, {"--atlas", "--images"});
  refused({"microscope", "--model", "alexnet", "--atlas", "conv6", "--images", "photos", "-o", "other"},
          {"no layer 'conv6'"});
}

TEST_F(Atlas, WhatCannotBeDrawnIsSaid) {
  make_photos(24);
  const auto said = [&](const Arguments &arguments) {
    const Result result = run(arguments);
    EXPECT_EQ(result.status, 2) << result.told;
    EXPECT_FALSE(fs::exists(path("a.png")));
    return result.told;
  };
  EXPECT_THAT(said(atlas({"-o", "a.png"}, "conv6")), HasSubstr("no layer 'conv6'"));
  EXPECT_THAT(said(atlas({"-o", "a.png"}, "fc6")), HasSubstr("fc6"));
  EXPECT_THAT(said(atlas({})), HasSubstr("-o is required"));
  EXPECT_THAT(said(atlas({"-o", "a.png", "--side", "0"})), HasSubstr("--side"));
  EXPECT_THAT(said(atlas({"-o", "a.png", "--side", "160", "--size", "4096"})), HasSubstr("the grid"));
  EXPECT_THAT(said(atlas({"-o", "a.png", "--cell-points", "900"})), HasSubstr("no cell of 20 by 20 holds so many of"));
  EXPECT_THAT(said({"atlas", "--model", "alexnet", "--images", "nowhere", "--layer", "conv5", "-o", "a.png"}),
              HasSubstr("nowhere"));
  for (const auto &entry : fs::directory_iterator(path("photos")))
    if (entry.path().filename().string().starts_with("coffee"))
      fs::remove(entry.path());
  EXPECT_THAT(said(atlas({"-o", "a.png"})), HasSubstr("an atlas needs at least 20 photos that conv5 answers to"));
}

} // namespace
} // namespace convscope
