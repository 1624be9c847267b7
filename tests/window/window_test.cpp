// The viewer as its user has it: the program in a real window, clicked and typed at, its pixels looked at.
#include "window/display.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/image.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr int width = 1000, height = 700;
constexpr Area wall{0.24, 0.08, 0.67, 0.80}, focus{0.71, 0.07, 0.99, 0.45}, title{0.70, 0.02, 0.99, 0.07};

class ViewerTest : public ::testing::Test {
protected:
  ViewerTest() {
    folder = fs::temp_directory_path() / ("convscope-window-" + std::to_string(std::random_device()()));
    fs::create_directories(folder);
  }
  ~ViewerTest() override {
    display.reset();
    std::error_code error;
    fs::remove_all(folder, error);
  }
  void SetUp() override {
    if (!has_program("Xvfb") || !has_program("xdotool"))
      GTEST_SKIP() << "Xvfb or xdotool is not installed";
    display.emplace(width, height, folder);
    ASSERT_TRUE(display->works()) << "Xvfb did not start";
  }

  Words environment() const {
    return {"DISPLAY=" + display->name(), "WAYLAND_DISPLAY=", "CONVSCOPE_VALIDATION=1",
            "CONVSCOPE_CONFIG=" + folder.string()};
  }
  std::unique_ptr<Child> start(const Words &more) const {
    Words words{CONVSCOPE_BINARY_DIR "/convscope"};
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<Child>(words, environment(), folder, "viewer");
  }
  // The viewer on a small net, its focus evolving.
  std::unique_ptr<Child> start_focused() const {
    auto viewer = start({"view", "--model", "alexnet", "--layer", "conv2", "--channel", "5", "--window",
                         std::to_string(width) + "x" + std::to_string(height)});
    EXPECT_TRUE(within(60, [&] { return colours(display->screen(), focus) > 500; })) << viewer->errors();
    EXPECT_TRUE(within(60, [&] { return colours(display->screen(), wall) > 500; })) << viewer->errors();
    return viewer;
  }
  bool changes(const Area &area, double seconds) const {
    const Screen before = display->screen();
    return within(seconds, [&] { return difference(before, display->screen(), area) > 0.05; });
  }
  bool rests(const Area &area) const {
    return within(20, [&] { return !changes(area, 2); });
  }
  void end(Child &viewer) const {
    display->user({"keydown", "ctrl", "keydown", "q", "sleep", "0.4", "keyup", "q", "keyup", "ctrl"});
    EXPECT_EQ(viewer.wait(10), 0);
    EXPECT_EQ(viewer.errors(), "");
  }

  fs::path folder;
  std::optional<Display> display;
};

TEST_F(ViewerTest, ScreenshotIsTheWindow) {
  const fs::path file = folder / "shot.png";
  const auto viewer = start({"view", "--model", "alexnet", "--layer", "conv2", "--channel", "5", "--window", "900x640",
                             "--screenshot", file.string(), "--after", "6"});
  ASSERT_EQ(viewer->wait(90), 0) << viewer->errors();
  EXPECT_EQ(viewer->errors(), "wrote " + file.string() + "\n");
  const ImageRgb8 picture = read_image(file);
  EXPECT_EQ(picture.width, 900);
  EXPECT_EQ(picture.height, 640);
  Screen screen{900, 640, {}};
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3)
    screen.pixels.push_back({picture.pixels[i], picture.pixels[i + 1], picture.pixels[i + 2]});
  EXPECT_GT(colours(screen, wall), 500);
}

TEST_F(ViewerTest, EvolvesPausesAndEnds) {
  const auto viewer = start_focused();
  EXPECT_TRUE(changes(focus, 30)) << "the focused image evolves";
  EXPECT_TRUE(changes(wall, 60)) << "the tiles evolve";
  display->user({"mousemove", "500", "690", "key", "space"});
  EXPECT_TRUE(rests(focus)) << "space pauses";
  display->user({"key", "period"});
  EXPECT_TRUE(changes(focus, 20)) << "a step";
  EXPECT_TRUE(rests(focus)) << "one step alone";
  display->user({"key", "space"});
  EXPECT_TRUE(changes(focus, 20)) << "and on";
  end(*viewer);
}

TEST_F(ViewerTest, AClickOnATileFocusesIt) {
  const auto viewer = start_focused();
  const Screen before = display->screen();
  // Another tile than the fifth, which is in the first rows.
  for (const double x : {0.28, 0.36, 0.44, 0.52})
    if (display->click(x, 0.13); within(5, [&] { return difference(before, display->screen(), title) > 0.002; }))
      break;
  EXPECT_GT(difference(before, display->screen(), title), 0.002);
  EXPECT_TRUE(changes(focus, 30));
  end(*viewer);
}

TEST_F(ViewerTest, SurvivesAStormOfSizes) {
  const auto viewer = start_focused();
  std::mt19937 random(1);
  Words storm{"search", "--name", "Convscope"};
  for (int i = 0; i < 200; ++i) {
    const int w = 1 + static_cast<int>(random() % 1400), h = 1 + static_cast<int>(random() % 900);
    storm.insert(storm.end(), {"windowsize", "%1", std::to_string(w), std::to_string(h)});
    if (i % 4 == 0)
      storm.insert(storm.end(), {"sleep", "0.02"});
  }
  storm.insert(storm.end(), {"windowsize", "%1", std::to_string(width), std::to_string(height)});
  display->user(storm);
  ASSERT_TRUE(viewer->running()) << viewer->errors();
  EXPECT_TRUE(within(30, [&] { return colours(display->screen(), wall) > 500; }));
  EXPECT_TRUE(changes(focus, 30)) << "it still draws";
  end(*viewer);
}

TEST_F(ViewerTest, ASavedImageIsWhatTheCommandLineMakes) {
  const auto viewer = start_focused();
  display->user({"mousemove", "500", "690", "key", "space"});
  ASSERT_TRUE(rests(focus));
  const fs::path saved = folder / "saved.png", again = folder / "again.png";
  display->user({"key", "s", "sleep", "1", "key", "ctrl+a", "sleep", "0.5", "type", "--delay", "150", saved.string()});
  display->user({"keydown", "Return", "sleep", "0.4", "keyup", "Return"});
  ASSERT_TRUE(within(20, [&] { return fs::exists(saved); })) << "no file was written";
  end(*viewer);
  const auto replay = start({"replay", saved.string(), "-o", again.string()});
  ASSERT_EQ(replay->wait(120), 0) << replay->errors();
  EXPECT_EQ(read_image(saved).pixels, read_image(again).pixels);
}

TEST_F(ViewerTest, OptimizeOpensItInThatState) {
  const auto viewer = start({"optimize", "--model", "alexnet", "--objective", "conv3:7", "--size", "64"});
  EXPECT_TRUE(within(60, [&] { return colours(display->screen(), focus) > 500; })) << viewer->errors();
  end(*viewer);
}

TEST(ViewerWithoutDisplay, SaysWhatWorksWithoutOne) {
  const fs::path folder = fs::temp_directory_path();
  const Words nowhere{"DISPLAY=", "WAYLAND_DISPLAY="};
  Child viewer({CONVSCOPE_BINARY_DIR "/convscope"}, nowhere, folder, "convscope-no-display");
  EXPECT_EQ(viewer.wait(60), 3);
  EXPECT_NE(viewer.errors().find("--offscreen"), std::string::npos) << viewer.errors();
  Child wrong({CONVSCOPE_BINARY_DIR "/convscope", "view", "--model", "alexnet", "--layer", "conv9"}, nowhere, folder,
              "convscope-no-display");
  EXPECT_EQ(wrong.wait(60), 2) << "what the user can mend comes first";
}

} // namespace
} // namespace convscope
