// What is asked of the focused image, typed and by a click.
#include "window/window.h"

namespace convscope {

namespace {

// At 1280x800.
constexpr Area note{905, 79, 360, 44}, field{905, 58, 366, 20};

class ObjectiveTest : public WindowTest {
protected:
  static void type(const std::string &objective) {
    click(1100, 68);
    desktop->tool({"sleep", "0.7", "key", "ctrl+a", "sleep", "0.7", "type", "--delay", "100", objective});
    desktop->tool({"sleep", "1"});
    key("Return");
  }
  static bool underlined() { return reddish(desktop->grab(field)); }
  // By the button there, several images in place of one.
  void several_by_a_click(int x) {
    start_focused();
    const ImageRgb8 before = desktop->grab(focus);
    click(x, 94);
    ASSERT_TRUE(changes(focus, before, 0.7)) << "one image only";
    ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  }
  // Pauses, saves the image, and has it made again without the window: of that size, and the same.
  void expect_step_replays(const std::string &name, int width, int height) {
    key("space");
    ASSERT_TRUE(stands_still(focus, 3));
    const ImageRgb8 paused = desktop->grab(focus);
    key("period"); // that there is a step, whatever was shown before
    ASSERT_TRUE(changes(focus, paused, 0.1)) << "no step";
    ASSERT_TRUE(stands_still(focus, 3));
    ImageRgb8 saved;
    expect_replays("s", name, &saved);
    EXPECT_GE(saved.width, width);
    EXPECT_GE(saved.height, height);
  }
};

TEST_F(ObjectiveTest, IsTypedAndReplays) {
  start_focused();
  const ImageRgb8 unit = desktop->grab(title);
  type("conv2:5 - 0.5*conv9:7");
  EXPECT_TRUE(wait_until(patience, [&] { return underlined(); })) << "nothing is said of the layer that is not there";
  EXPECT_GT(colours(desktop->grab(note)), 10) << "no message";
  const ImageRgb8 before = desktop->grab(focus);
  type("conv3:5 - 0.5*conv2:7");
  EXPECT_TRUE(changes(title, unit, 0.001)) << err();
  EXPECT_TRUE(wait_until(patience, [&] { return !underlined(); })) << "what is right is underlined";
  EXPECT_TRUE(changes(focus, before, 0.5));
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  expect_step_replays("typed", 128, 128);
}

TEST_F(ObjectiveTest, AStyleIsChosenAndReplays) {
  start_focused();
  const ImageRgb8 name = desktop->grab(title);
  type("style(conv2)");
  EXPECT_TRUE(wait_until(patience, [&] { return underlined(); })) << "nothing is said of the style that is missing";
  key("Escape");
  answer_after(
      [] {
        click(25, 11); // File, Open style picture
        desktop->tool({"sleep", "0.7"});
        click(80, 124);
      },
      CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png");
  type("style(conv2)");
  EXPECT_TRUE(wait_until(patience, [&] { return !underlined(); })) << "there is a style now";
  ASSERT_TRUE(changes(title, name, 0.01)) << err();
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  expect_step_replays("style", 128, 128);
}

TEST_F(ObjectiveTest, AChannelIsTyped) {
  start_focused();
  const ImageRgb8 before = desktop->grab(field);
  click(1033, 40);
  desktop->tool({"key", "ctrl+a", "sleep", "0.3", "type", "--delay", "60", "42"});
  EXPECT_FALSE(wait_until(1, [&] { return difference(desktop->grab(field), before) > 0; })) << "before it was entered";
  key("Return");
  EXPECT_TRUE(changes(field, before, 0.002)) << "not conv2:42";
  EXPECT_FALSE(underlined());
  expect_quits();
}

TEST_F(ObjectiveTest, TabCompletesNames) {
  start_focused();
  const ImageRgb8 name = desktop->grab(title);
  click(1100, 68);
  // What follows `type` is all typed.
  desktop->tool({"key", "ctrl+a", "sleep", "0.3", "type", "--delay", "60", "poo"});
  desktop->tool({"sleep", "0.5", "key", "Tab", "sleep", "0.5", "type", "--delay", "60", "1:3"});
  desktop->tool({"sleep", "0.5", "key", "Return"});
  EXPECT_TRUE(changes(title, name, 0.01)) << "not pool1:3";
  EXPECT_FALSE(underlined());
  expect_quits();
}

TEST_F(ObjectiveTest, CaricatureByAClickReplays) {
  start_focused({"--image", CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png"});
  const ImageRgb8 name = desktop->grab(title);
  click(1055, 94);
  ASSERT_TRUE(changes(title, name, 0.01)) << "no caricature";
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  expect_step_replays("caricature", 274, 183);
}

TEST_F(ObjectiveTest, FacesByAClickReplay) {
  several_by_a_click(980);
  expect_step_replays("faces", 2 * 128, 2 * 128);
}

TEST_F(ObjectiveTest, APathByAClickReplays) {
  several_by_a_click(1221);
  click(1150, 94); // its other end
  desktop->tool({"sleep", "0.7", "key", "ctrl+a", "sleep", "0.5", "type", "--delay", "100", "conv2:40 - 0.001*tv"});
  desktop->tool({"sleep", "1"});
  const ImageRgb8 first = desktop->grab(focus);
  key("Return");
  ASSERT_TRUE(changes(focus, first, 0.5)) << "it goes where it went";
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  expect_step_replays("path", 6 * 128, 128);
}

TEST_F(ObjectiveTest, AnOpacityReplays) {
  start_focused();
  // The squares below it: the light ones are lighter than the dark ones.
  const auto lies_over_squares = [] {
    const ImageRgb8 image = desktop->grab({932, 129, 311, 311});
    double light = 0;
    for (int i = 0; i < 16 * 16; ++i) {
      const int x = i % 16, y = i / 16;
      const std::uint8_t *const middle = image.at((2 * x + 1) * 311 / 32, (2 * y + 1) * 311 / 32);
      light += (x + y) % 2 == 0 ? middle[1] : -middle[1];
    }
    return light / 128 > 8;
  };
  EXPECT_FALSE(lies_over_squares());
  const Area box{214, 719, 18, 18};
  const ImageRgb8 off = desktop->grab(box);
  click(223, 728);
  ASSERT_TRUE(changes(box, off, 0.05)) << "no click";
  ASSERT_TRUE(wait_until(patience, lies_over_squares)) << "the same image";
  expect_step_replays("cutout", 128, 128);
  EXPECT_EQ(text_of(folder / "cutout.png").at(25), 6) << "it has no opacity"; // RGBA
}

TEST_F(ObjectiveTest, AccentuationByAClickReplays) {
  start_focused({"--image", CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png"});
  const Area leash{905, 112, 360, 18};
  const ImageRgb8 before = desktop->grab(leash);
  click(1147, 94);
  EXPECT_TRUE(changes(leash, before, 0.1)) << "no leash";
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  expect_step_replays("accentuated", 274, 183);
}

} // namespace

} // namespace convscope
