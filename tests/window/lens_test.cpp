// The photo as a layer saw it, in the wall's place.
#include "window/window.h"

namespace convscope {

namespace {

// At 1280x800.
constexpr Area photo{310, 200, 560, 360}, legend{296, 548, 590, 100}, middle_title{290, 32, 400, 18};

class LensWindowTest : public WindowTest {
protected:
  void start_looking() {
    start({"view", "--model", "alexnet", "--layer", "pool5", "--channel", "5", "--window", "1280x800", "--image",
           CONVSCOPE_SOURCE_DIR "/docs/photos/chelsea.png"});
    ASSERT_TRUE(changes(wall, 500)) << out() << err();
  }
  void look_by(const std::string &name, const Area &area) {
    const ImageRgb8 before = desktop->grab(area);
    key(name);
    ASSERT_TRUE(changes(area, before, 0.05)) << name << ": " << err();
  }
};

TEST_F(LensWindowTest, AGridEvolvesOverThePhotoAndReplays) {
  start_looking();
  look_by("p", wall);
  key("space"); // the grid alone
  const ImageRgb8 bare = desktop->grab(photo);
  key("g");
  ASSERT_TRUE(changes(photo, bare, 0.3)) << "no cells";
  const ImageRgb8 first = desktop->grab(photo);
  EXPECT_TRUE(changes(photo, first, 0.3)) << "they stand still";
  key("g");
  ASSERT_TRUE(stands_still(photo, 3)) << "it does not stop";
  expect_replays("w", "grid");
}

TEST_F(LensWindowTest, AGroupsImageReplays) {
  start_looking();
  look_by("p", wall);
  look_by("u", photo);
  ASSERT_TRUE(changes(legend, 20)) << "no legend";
  const ImageRgb8 name = desktop->grab(title), all = desktop->grab(photo);
  desktop->tool({"mousemove", "360", "580", "sleep", "0.5"});
  EXPECT_TRUE(changes(photo, all, 0.2)) << "a row does not show its group alone";
  park();
  click(512, 580); // the first group's image
  ASSERT_TRUE(changes(title, name, 0.01)) << "no image of a group";
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  key("space");
  ASSERT_TRUE(stands_still(focus, 3));
  expect_replays("s", "group");
}

TEST_F(LensWindowTest, ChannelsUnderThePointer) {
  start_looking();
  look_by("c", wall);
  desktop->tool({"mousemove", "500", "300", "sleep", "0.3", "mousemove", "520", "330", "sleep", "0.5"});
  ASSERT_TRUE(changes(legend, 50)) << "nothing is told of the place";
  const ImageRgb8 here = desktop->grab(legend), name = desktop->grab(title);
  desktop->tool({"mousemove", "740", "420", "sleep", "0.5"});
  EXPECT_TRUE(changes(legend, here, 0.02)) << "it does not follow the pointer";
  click(520, 330);
  EXPECT_TRUE(changes(title, name, 0.001)) << "a click focuses nothing";
  const ImageRgb8 channels = desktop->grab(middle_title);
  key("p");
  EXPECT_TRUE(changes(middle_title, channels, 0.01)) << "the wall does not come back";
  expect_quits();
}

} // namespace

} // namespace convscope
