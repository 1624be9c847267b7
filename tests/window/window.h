// The program in a window of a virtual display, and what tests look at and do there.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/png.h"
#include "window/desk_mates.h"
#include "window/desktop.h"

namespace convscope {

namespace fs = std::filesystem;

// Where things are at 1280x800, with room to spare.
inline constexpr Area wall{300, 60, 570, 580}, title{900, 30, 360, 24}, focus{960, 100, 240, 240},
    layers{4, 30, 270, 200}, strip_end{580, 706, 200, 54}, controls{4, 440, 270, 330}, menu{2, 2, 190, 18},
    message{720, 780, 550, 18}, picture_area{950, 600, 270, 150};
inline constexpr double quit_seconds = 2;
inline constexpr double patience = 60; // seconds, of a machine that does other things too

inline std::string text_of(const fs::path &file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream)
    text << stream.rdbuf();
  return text.str();
}

class WindowTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    for (const char *name : {"Xvfb", "xdotool"})
      if (find_program(name).empty())
        missing += fmt::format("{}{}", missing.empty() ? "" : " and ", name);
    if (!missing.empty())
      return;
    folder = fs::temp_directory_path() / fmt::format("convscope-window-{}", std::random_device{}());
    fs::create_directories(folder);
    desktop = std::make_unique<Desktop>(folder);
    mates = std::make_unique<DeskMates>(desktop->name());
  }
  static void TearDownTestSuite() {
    mates.reset();
    desktop.reset();
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  void SetUp() override {
    if (!missing.empty())
      GTEST_SKIP() << "no " << missing << " here";
    ASSERT_TRUE(desktop->open() && mates->open()) << "Xvfb does not start: " << text_of(folder / "display.err");
    fs::remove_all(folder / "config");
    park();
  }
  void TearDown() override {
    if (HasFailure() && desktop && desktop->open() && program.running()) {
      const std::string file =
          fmt::format("window-{}.png", testing::UnitTest::GetInstance()->current_test_info()->name());
      write_png(fs::path(CONVSCOPE_BINARY_DIR) / file, desktop->grab());
    }
    program = {};
  }

  static std::string out() { return text_of(folder / "out"); }
  static std::string err() { return text_of(folder / "err"); }

  // The program, of which the validation layers say what it does wrong. Settings are a test's own, pipelines all's.
  void start(const Arguments &arguments, Environment environment = {}) {
    Arguments all{CONVSCOPE_BINARY_DIR "/convscope"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    environment.insert({{"DISPLAY", desktop->name()},
                        {"WAYLAND_DISPLAY", ""},
                        {"CONVSCOPE_VALIDATION", "1"},
                        {"CONVSCOPE_CONFIG", (folder / "config").string()},
                        {"CONVSCOPE_CACHE", (folder / "cache").string()}});
    program = Child(all, environment, (folder / "out").string(), (folder / "err").string());
  }

  // The program with an optimization of a unit under way.
  void start_focused(const Arguments &more = {}) {
    Arguments all{"view", "--model", "alexnet", "--layer", "conv2", "--channel", "5", "--window", "1280x800"};
    all.insert(all.end(), more.begin(), more.end());
    start(all);
    ASSERT_TRUE(changes(focus, colours_of_an_image)) << out() << err();
  }

  // The mouse where it hovers over nothing: a tooltip would cover what is looked at.
  static inline const Arguments away{"mousemove", "140", "340"};
  static void park() { desktop->tool(away); }
  // As fast as no hand can, and gone from there before a frame is drawn.
  static void click(int x, int y) {
    Arguments all{"mousemove", std::to_string(x), std::to_string(y), "mousedown", "1", "mouseup", "1"};
    all.insert(all.end(), away.begin(), away.end());
    desktop->tool(all);
  }
  static void key(const std::string &name) { desktop->tool({"key", "--delay", "20", name}); }

  // Some of the red in which what is wrong is said.
  static bool reddish(const ImageRgb8 &image) {
    int red = 0;
    for (std::size_t i = 0; i < image.pixels.size(); i += 3)
      red += image.pixels[i] > 180 && image.pixels[i + 1] < 110 && image.pixels[i + 2] < 100;
    return red > 10;
  }

  // Waits until the area has so many colours.
  static constexpr int colours_of_an_image = 2000;
  bool changes(const Area &area, int most_colours) {
    return wait_until(patience, [&] { return colours(desktop->grab(area)) >= most_colours || !program.running(); }) &&
           program.running();
  }
  // Waits until the area looks different from that.
  bool changes(const Area &area, const ImageRgb8 &from, double share) {
    EXPECT_TRUE(from.width == area.width && from.height == area.height) << "the picture of another area";
    return wait_until(patience, [&] { return difference(desktop->grab(area), from) > share || !program.running(); }) &&
           program.running();
  }
  // Waits until the area has stood still for that long.
  bool stands_still(const Area &area, double seconds) {
    return wait_until(patience, [&] {
      const ImageRgb8 before = desktop->grab(area);
      return !wait_until(seconds, [&] { return difference(desktop->grab(area), before) > 0; });
    });
  }

  // Ends as it should when it is closed: within seconds, with success, and with nothing to complain of.
  void expect_quits() {
    const std::string id = desktop->window("Convscope");
    ASSERT_NE(id, "") << err();
    const auto began = std::chrono::steady_clock::now();
    mates->close(id);
    const auto status = program.wait(patience);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    ASSERT_TRUE(status) << "it does not end";
    EXPECT_EQ(*status, 0);
    EXPECT_LT(took, quit_seconds);
    EXPECT_EQ(err(), "");
  }

  // Opens a dialog that asks for a path by its key, and answers it. A dialog dims all that lies behind it.
  static void answer(const std::string &opened_by, const fs::path &path) {
    answer_after([&] { key(opened_by); }, path);
  }
  static void answer_after(const std::function<void()> &opens, const fs::path &path) {
    const ImageRgb8 bright = desktop->grab(menu);
    opens();
    EXPECT_TRUE(wait_until(patience, [&] { return difference(desktop->grab(menu), bright) > 0.5; })) << "no dialog";
    desktop->tool(
        {"sleep", "0.5", "key", "--delay", "100", "ctrl+a", "sleep", "0.5", "type", "--delay", "40", path.string()});
    key("Return");
    EXPECT_TRUE(wait_until(patience, [&] { return difference(desktop->grab(menu), bright) == 0; })) << "it stays";
  }

  // Saves by that key, ends, and has the picture made again without the window: the same.
  void expect_replays(const std::string &saved_by, const std::string &name, ImageRgb8 *picture = nullptr) {
    const fs::path saved = folder / (name + ".png"), again = folder / (name + "-again.png");
    answer(saved_by, saved);
    ASSERT_TRUE(wait_until(patience, [&] { return fs::exists(saved); })) << "nothing is saved";
    expect_quits();
    start({"replay", saved.string(), "-o", again.string()});
    ASSERT_EQ(program.wait(3 * patience), 0) << err();
    EXPECT_TRUE(read_image(saved).pixels == read_image(again).pixels) << "the replay differs";
    if (picture)
      *picture = read_image(saved);
  }

  static inline std::string missing;
  static inline fs::path folder;
  static inline std::unique_ptr<Desktop> desktop;
  static inline std::unique_ptr<DeskMates> mates;
  Child program;
};

} // namespace convscope
