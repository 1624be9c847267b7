// The photos of a folder that excite the focused unit most, beside its image.
#include "window/window.h"

namespace convscope {

namespace {

// At 1280x800.
constexpr Area crops{1092, 124, 176, 172}, line{905, 302, 360, 18}, under{960, 380, 240, 60};

class ExamplesWindowTest : public WindowTest {
protected:
  // Two photos in a folder of one's own.
  static fs::path photos(const std::string &name) {
    const fs::path made = folder / name;
    fs::remove_all(made);
    fs::create_directories(made);
    fs::copy_file(CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png", made / "a cup.png");
    return made;
  }
};

TEST_F(ExamplesWindowTest, StandBesideTheImageAndOpen) {
  const fs::path made = photos("photos");
  start_focused({"--images", made.string()});
  ASSERT_TRUE(changes(crops, 200)) << err();
  key("space");
  ASSERT_TRUE(stands_still(under, 2));
  const ImageRgb8 bare = desktop->grab(under), photo = desktop->grab(picture_area);
  desktop->tool({"mousemove", "1110", "140", "sleep", "0.2", "mousemove", "1118", "150", "sleep", "0.5"});
  EXPECT_TRUE(changes(under, bare, 0.5)) << "the whole photo is not shown";
  click(1118, 150);
  EXPECT_TRUE(changes(picture_area, photo, 0.5)) << "a click does not open it";
  const ImageRgb8 beside = desktop->grab(crops);
  key("x");
  EXPECT_TRUE(changes(crops, beside, 0.3)) << "they stay";
  key("x");
  EXPECT_TRUE(wait_until(patience, [&] { return difference(desktop->grab(crops), beside) < 0.1; }));
  expect_quits();
  // A new start knows the folder, and what was seen.
  start_focused();
  EXPECT_TRUE(wait_until(patience, [&] { return difference(desktop->grab(crops), beside) < 0.1; })) << err();
  expect_quits();
}

TEST_F(ExamplesWindowTest, AFolderIsDropped) {
  start_focused();
  const std::string id = desktop->window("Convscope");
  ASSERT_TRUE(mates->drop(id, {photos("dropped").string()}, patience)) << "it does not take the folder";
  ASSERT_TRUE(changes(crops, 200)) << err();
  // One without photos: a line says so, and what it can't be shown for.
  const ImageRgb8 well = desktop->grab(line);
  fs::create_directories(folder / "empty");
  ASSERT_TRUE(mates->drop(id, {(folder / "empty").string()}, patience));
  EXPECT_TRUE(changes(line, well, 0.02)) << "nothing is said of it";
  const ImageRgb8 image = desktop->grab(focus);
  EXPECT_TRUE(changes(focus, image, 0.2)) << "the optimization stands still";
  expect_quits();
}

} // namespace

} // namespace convscope
