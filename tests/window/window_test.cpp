// The viewer as a user has it: with a mouse and a keyboard.
#include "window/window.h"

#include <nlohmann/json.hpp>

namespace convscope {

namespace {

TEST_F(WindowTest, ScreenshotInBothThemes) {
  double light[2] = {};
  for (const char *theme : {"dark", "light"}) {
    fs::create_directories(folder / "config");
    std::ofstream(folder / "config" / "viewer.json") << fmt::format(R"({{"theme": "{}"}})", theme);
    const fs::path file = folder / fmt::format("{}.png", theme);
    ImageRgb8 image;
    for (const char *seconds : {"4", "12", "30"}) { // a busy machine takes longer to fill the wall
      start({"view", "--model", "alexnet", "--layer", "conv2", "--channel", "5", "--window", "1100x700", "--screenshot",
             file.string(), "--after", seconds});
      ASSERT_EQ(program.wait(2 * patience), 0) << err();
      EXPECT_EQ(err(), fmt::format("wrote {}\n", file.string()));
      image = read_image(file);
      if (colours(cut(image, {280, 60, 450, 400})) > colours_of_an_image)
        break;
    }
    EXPECT_EQ(image.width, 1100);
    EXPECT_EQ(image.height, 700);
    EXPECT_GT(colours(cut(image, {280, 60, 450, 400})), colours_of_an_image) << "the wall";
    light[theme[0] == 'l'] = brightness(cut(image, {10, 250, 220, 60})); // the list of layers
  }
  EXPECT_LT(light[0], 80);
  EXPECT_GT(light[1], 180);
}

TEST_F(WindowTest, ImagesEvolve) {
  start_focused();
  const ImageRgb8 first_focus = desktop->grab(focus), first_wall = desktop->grab(wall);
  EXPECT_TRUE(changes(focus, first_focus, 0.5));
  EXPECT_TRUE(changes(wall, first_wall, 0.05));
  expect_quits();
}

TEST_F(WindowTest, ClickOnTileFocusesIt) {
  start({"view", "--model", "alexnet", "--layer", "conv2", "--window", "1280x800"});
  ASSERT_TRUE(changes(wall, colours_of_an_image)) << err();
  ASSERT_TRUE(stands_still(focus, 1)) << "nothing is in focus yet: the photo stands there";
  const ImageRgb8 photo = desktop->grab(focus), heading = desktop->grab(title);
  click(350, 110);
  EXPECT_TRUE(changes(title, heading, 0.01));
  EXPECT_TRUE(changes(focus, photo, 0.5));
  const ImageRgb8 first = desktop->grab(title);
  click(545, 220);
  EXPECT_TRUE(changes(title, first, 0.001));
  const ImageRgb8 second = desktop->grab(title);
  key("Right");
  EXPECT_TRUE(changes(title, second, 0.001));
  expect_quits();
}

TEST_F(WindowTest, PausesAndSteps) {
  start_focused();
  key("space");
  ASSERT_TRUE(stands_still(focus, 1.5)) << "space does not pause";
  const ImageRgb8 paused = desktop->grab(focus);
  key("period");
  EXPECT_TRUE(changes(focus, paused, 0.3)) << "a single step does nothing";
  ASSERT_TRUE(stands_still(focus, 1.5)) << "a single step goes on";
  const ImageRgb8 stepped = desktop->grab(focus);
  key("space");
  EXPECT_TRUE(changes(focus, stepped, 0.5)) << "space does not run again";
  expect_quits();
}

TEST_F(WindowTest, ControlsChangeTheRun) {
  start_focused();
  const ImageRgb8 before = desktop->grab(controls);
  // The rate, to its upper end.
  desktop->tool({"mousemove", "199",       "486", "sleep",   "0.2",   "mousedown", "1",         "sleep",
                 "0.2",       "mousemove", "220", "486",     "sleep", "0.2",       "mousemove", "240",
                 "486",       "sleep",     "0.2", "mouseup", "1",     "sleep",     "0.2"});
  park();
  EXPECT_TRUE(changes(controls, before, 0.002)) << "the slider does not move";
  const ImageRgb8 dragged = desktop->grab(focus);
  EXPECT_TRUE(changes(focus, dragged, 0.5)) << "the image stands still";
  // Another seed, and from the start again.
  for (const char *each : {"n", "r"}) {
    const ImageRgb8 old = desktop->grab(focus);
    key(each);
    EXPECT_TRUE(changes(focus, old, 0.5)) << each;
  }
  const ImageRgb8 dark = desktop->grab(layers);
  key("t");
  EXPECT_TRUE(changes(layers, dark, 0.9)) << "the theme stays";
  EXPECT_GT(brightness(desktop->grab(layers)), 180);
  expect_quits();
  EXPECT_NE(text_of(folder / "config" / "viewer.json").find(R"("theme": "light")"), std::string::npos);
}

TEST_F(WindowTest, TimelineGoesBack) {
  start_focused();
  // Enough moments for the strip, then stand still and look at an early one.
  ASSERT_TRUE(wait_until(patience, [&] { return colours(desktop->grab(strip_end)) > 500; }));
  key("space");
  ASSERT_TRUE(stands_still(focus, 1.5));
  const ImageRgb8 late = desktop->grab(focus);
  click(322, 734);
  EXPECT_TRUE(changes(focus, late, 0.5)) << "the image stays";
  ASSERT_TRUE(stands_still(focus, 1)) << "a pause ends";
  const ImageRgb8 early = desktop->grab(focus);
  key("space");
  EXPECT_TRUE(changes(focus, early, 0.5)) << "it does not go on from there";
  expect_quits();
}

TEST_F(WindowTest, ResizeStorm) {
  start_focused();
  const std::string id = desktop->window("Convscope");
  ASSERT_NE(id, "");
  std::mt19937 random(7);
  const auto number = [&](int low, int high) {
    return std::to_string(std::uniform_int_distribution(low, high)(random));
  };
  Arguments storm;
  for (int i = 0; i < 200; ++i) {
    const bool tiny = i % 7 == 0;
    for (const std::string &word : {std::string("windowsize"), id, number(1, tiny ? 20 : 1600),
                                    number(1, tiny ? 20 : 1000), std::string("sleep"), std::string("0.02")})
      storm.push_back(word);
  }
  desktop->tool(storm);
  desktop->tool({"windowsize", id, "1280", "800"});
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  ASSERT_TRUE(changes(wall, colours_of_an_image)) << err();
  const ImageRgb8 after = desktop->grab(focus);
  EXPECT_TRUE(changes(focus, after, 0.5));
  expect_quits();
}

// Nothing is in any cache: nets, maps, transforms and pipelines are being made, for as long as that takes.
TEST_F(WindowTest, ClosesWhileBusy) {
  for (const double after : {0.0, 0.7, 1.5, 3.0}) {
    SCOPED_TRACE(after);
    start({"view", "--model", "vgg16", "--layer", "block5_conv3", "--channel", "45", "--window", "1280x800"},
          {{"MESA_SHADER_CACHE_DISABLE", "true"}, {"CONVSCOPE_CACHE", (folder / "no-cache").string()}});
    ASSERT_TRUE(wait_until(patience, [&] { return !desktop->window("Convscope").empty() || !program.running(); }));
    wait_until(after, [] { return false; });
    expect_quits();
    fs::remove_all(folder / "no-cache");
  }
}

TEST_F(WindowTest, QuitsByItsKey) {
  start({"view", "--model", "alexnet", "--layer", "conv1", "--window", "1280x800"});
  ASSERT_TRUE(changes(wall, 200)) << err();
  key("ctrl+q");
  EXPECT_EQ(program.wait(patience), 0) << err();
  EXPECT_EQ(err(), "");
}

TEST_F(WindowTest, OpensAsLargeAsItWasLeft) {
  start({"view", "--model", "alexnet", "--layer", "conv1"});
  ASSERT_TRUE(changes(wall, 200)) << err();
  desktop->tool({"windowsize", "--sync", desktop->window("Convscope"), "1000", "700", "sleep", "0.5"});
  expect_quits();
  const fs::path picture = folder / "left.png";
  start({"view", "--model", "alexnet", "--layer", "conv1", "--screenshot", picture.string(), "--after", "1"});
  ASSERT_EQ(program.wait(patience), 0) << err();
  const ImageRgb8 again = read_image(picture);
  EXPECT_EQ(again.width, 1000);
  EXPECT_EQ(again.height, 700);
}

TEST_F(WindowTest, MinimisesAndComesBack) {
  start_focused();
  const std::string id = desktop->window("Convscope");
  for (int i = 0; i < 5; ++i) {
    mates->minimise(id);
    ASSERT_TRUE(wait_until(patience, [&] { return colours(desktop->grab(focus)) < 10; }));
    ASSERT_FALSE(wait_until(0.2 * i, [&] { return !program.running(); })) << err();
    const ImageRgb8 gone = desktop->grab(focus);
    mates->restore(id);
    ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  }
  const ImageRgb8 back = desktop->grab(focus);
  EXPECT_TRUE(changes(focus, back, 0.5)) << "it stands still";
  // Closed while it is minimised.
  mates->minimise(id);
  wait_until(0.5, [] { return false; });
  mates->close(id);
  EXPECT_EQ(program.wait(quit_seconds), 0) << err();
  EXPECT_EQ(err(), "");
}

TEST_F(WindowTest, TakesDroppedFiles) {
  start_focused();
  const std::string id = desktop->window("Convscope");
  const ImageRgb8 before = desktop->grab(picture_area);
  // A name that its address has to spell otherwise.
  const fs::path picture = folder / "a cup.png";
  fs::copy_file(CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png", picture, fs::copy_options::overwrite_existing);
  ASSERT_TRUE(mates->drop(id, {(folder / "a%20cup.png").string()}, patience)) << "it does not take the photo";
  EXPECT_TRUE(changes(picture_area, before, 0.5)) << "another photo";
  // A net, and a file that is nothing that can be shown.
  const ImageRgb8 list = desktop->grab(layers);
  const fs::path weights = folder / "dropped.safetensors", text = folder / "text.txt";
  fs::copy_file(CONVSCOPE_SOURCE_DIR "/weights/vgg16.safetensors", weights, fs::copy_options::overwrite_existing);
  std::ofstream(text) << "no picture";
  const ImageRgb8 status = desktop->grab(message);
  ASSERT_TRUE(mates->drop(id, {text.string()}, patience));
  EXPECT_TRUE(changes(message, status, 0.01)) << "nothing is said of it";
  ASSERT_TRUE(mates->drop(id, {weights.string()}, patience));
  EXPECT_TRUE(changes(layers, list, 0.05)) << "another net";
  expect_quits();
}

TEST_F(WindowTest, NeedsADisplay) {
  start({"view", "--model", "alexnet"}, {{"DISPLAY", ""}});
  ASSERT_EQ(program.wait(patience), 3) << err();
  EXPECT_EQ(out(), "");
  EXPECT_NE(err().find("--offscreen"), std::string::npos) << err();
  EXPECT_EQ(err().find('\n'), err().size() - 1) << "one line: " << err();
}

TEST_F(WindowTest, BadLayerOpensNoWindow) {
  start({"view", "--model", "alexnet", "--layer", "conv9"},
        {{"DISPLAY", ""}}); // without one, a window would be status 3
  ASSERT_EQ(program.wait(patience), 2) << err();
  EXPECT_NE(err().find("conv9"), std::string::npos) << err();
  EXPECT_EQ(err().find('\n'), err().size() - 1) << "one line: " << err();
}

TEST_F(WindowTest, FeaturesOpensOnItsLayer) {
  start({"features", "--model", "alexnet", "--image", CONVSCOPE_SOURCE_DIR "/docs/photos/chelsea.png", "--layer",
         "conv3", "--channels", "7"});
  EXPECT_TRUE(changes(wall, 200)) << err();
  EXPECT_TRUE(changes(focus, colours_of_an_image)) << err();
  expect_quits();
}

TEST_F(WindowTest, SavesWhatReplays) {
  start({"optimize", "--model", "alexnet", "--objective", "conv2:5", "--size", "96"});
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  key("space");
  ASSERT_TRUE(stands_still(focus, 1.5));
  ImageRgb8 saved;
  expect_replays("s", "saved", &saved);
  EXPECT_EQ(saved.width, 96);
}

TEST_F(WindowTest, SavesTheWallWhatReplays) {
  start({"view", "--model", "alexnet", "--layer", "conv1", "--window", "1280x800"});
  ASSERT_TRUE(changes(wall, colours_of_an_image)) << err();
  const fs::path saved = folder / "wall.png", again = folder / "wall-again.png";
  // Until there are finished images; the dialog comes up each time.
  ASSERT_TRUE(wait_until(patience, [&] {
    answer("w", saved);
    return wait_until(2, [&] { return fs::exists(saved); });
  })) << err();
  expect_quits();
  const ImageRgb8 one = read_image(saved);
  EXPECT_GT(one.width, 128) << "a grid";
  start({"replay", saved.string(), "-o", again.string()});
  ASSERT_EQ(program.wait(3 * patience), 0) << err();
  EXPECT_EQ(text_of(saved), text_of(again)) << "the replay differs";
}

TEST_F(WindowTest, SessionGoesOn) {
  start_focused();
  ASSERT_TRUE(wait_until(patience, [&] { return colours(desktop->grab(strip_end)) > 500; }));
  key("space");
  ASSERT_TRUE(stands_still(focus, 1.5));
  const ImageRgb8 image = desktop->grab(focus), name = desktop->grab(title);
  const fs::path saved = folder / "one.convscope";
  answer("ctrl+s", saved);
  ASSERT_TRUE(wait_until(patience, [&] { return fs::exists(saved); })) << "nothing is saved";
  expect_quits();
  // Another net, another layer: all of it comes back.
  start({"view", "--model", "alexnet", "--layer", "conv1", "--window", "1280x800"});
  ASSERT_TRUE(changes(wall, 200)) << err();
  answer("o", saved);
  ASSERT_TRUE(wait_until(patience, [&] { return difference(desktop->grab(focus), image) < 0.01; }))
      << "not the image that was saved";
  EXPECT_LT(difference(desktop->grab(title), name), 0.01);
  EXPECT_GT(colours(desktop->grab(strip_end)), 500) << "the timeline is not there";
  key("space");
  EXPECT_TRUE(changes(focus, image, 0.5)) << "it does not go on";
  expect_quits();
}

TEST_F(WindowTest, OpensWeightsAndNets) {
  start_focused();
  ASSERT_TRUE(changes(wall, colours_of_an_image)) << err();
  const fs::path other = folder / "other.safetensors";
  std::ofstream(other) << "no weights";
  const ImageRgb8 list = desktop->grab(layers), status = desktop->grab(message);
  answer("o", other);
  ASSERT_TRUE(changes(message, status, 0.01)) << "nothing is said of it";
  EXPECT_GE(colours(desktop->grab(wall)), colours_of_an_image) << "the wall is gone";
  const ImageRgb8 still = desktop->grab(focus);
  EXPECT_TRUE(changes(focus, still, 0.5)) << "the net before is gone";
  EXPECT_LT(difference(desktop->grab(layers), list), 0.05);
  // Mended, the same file opens.
  fs::copy_file(CONVSCOPE_SOURCE_DIR "/weights/alexnet.safetensors", other, fs::copy_options::overwrite_existing);
  answer("o", other);
  // Its images begin anew.
  ASSERT_TRUE(wait_until(patience, [&] { return colours(desktop->grab(wall)) < colours_of_an_image; })) << err();
  ASSERT_TRUE(changes(wall, colours_of_an_image)) << err();
  expect_quits();
  EXPECT_NE(text_of(folder / "config" / "viewer.json").find("other.safetensors"), std::string::npos);
}

TEST_F(WindowTest, LostDeviceKeepsTheSession) {
  const fs::path fault = folder / "fault";
  fs::remove(fault);
  start({"view", "--model", "alexnet", "--layer", "conv2", "--channel", "5", "--window", "1280x800"},
        {{"LD_PRELOAD", CONVSCOPE_FAULTS}, {"CONVSCOPE_FAULT", fault.string()}});
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << out() << err();
  ASSERT_TRUE(wait_until(patience, [&] { return colours(desktop->grab(strip_end)) > 500; }));
  // What the surface may do is no such loss.
  for (const char *passing : {"date", "surface"}) {
    std::ofstream(fault) << passing;
    ASSERT_TRUE(wait_until(patience, [&] { return !fs::exists(fault); })) << passing;
    const ImageRgb8 before = desktop->grab(focus);
    ASSERT_TRUE(changes(focus, before, 0.5)) << passing << ": " << err();
  }
  const ImageRgb8 name = desktop->grab(title);
  std::ofstream(folder / "fault.new") << "device";
  fs::rename(folder / "fault.new", fault);
  ASSERT_EQ(program.wait(patience), 3) << err();
  const std::string kept = (folder / "config" / "lost.convscope").string();
  EXPECT_NE(err().find("device was lost"), std::string::npos) << err();
  EXPECT_NE(err().find(kept), std::string::npos) << err();
  EXPECT_EQ(err().find('\n'), err().size() - 1) << "one line: " << err();
  start({"view", "--model", "alexnet", "--layer", "conv1", "--window", "1280x800"});
  ASSERT_TRUE(changes(wall, 200)) << err();
  answer("o", kept);
  ASSERT_TRUE(wait_until(patience, [&] { return difference(desktop->grab(title), name) < 0.01; })) << err();
  ASSERT_TRUE(changes(focus, colours_of_an_image)) << err();
  const ImageRgb8 image = desktop->grab(focus);
  EXPECT_TRUE(changes(focus, image, 0.5)) << "it does not go on";
  expect_quits();
}

// Limits are ten times those of a machine that does nothing else: others may use it while this runs.
TEST_F(WindowTest, StaysLive) {
  const fs::path report = folder / "run.json";
  start_focused({"--report", report.string()});
  key("r");
  const auto began = std::chrono::steady_clock::now();
  ASSERT_FALSE(wait_until(6, [&] { return !program.running(); })) << err();
  ASSERT_GT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  expect_quits();
  const auto json = nlohmann::json::parse(text_of(report));
  const auto &window = json.at("window");
  EXPECT_GT(window.at("frames").get<int>(), 10);
  EXPECT_LT(window.at("frame_ms").at("median").get<double>(), 1000);
  EXPECT_LT(window.at("input_wait_ms").at("longest").at(0).at("ms").get<double>(), 4000);
}

} // namespace

} // namespace convscope
