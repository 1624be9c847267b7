#include "viewer/place.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/names.h"
#include "importer/model.h"
#include "importers/onnx_builder.h"
#include "session/input_size.h"
#include "viewer/ui.h"

namespace convscope::viewer {
namespace {

Model alexnet() { return load_model({"alexnet", "", ""}); }

// Wherever a place is, the unit is in the map that the net makes of the canvas.
TEST(Places, AreInTheMapWhateverTheSizeAndTheRecipe) {
  const Model model = alexnet();
  const NodeId conv5 = find_layer(model.graph, "conv5");
  for (const std::string &name : recipe_names())
    for (const int size : {64, 128, 225}) {
      SCOPED_TRACE(name + " " + std::to_string(size));
      const Recipe by = recipe(name);
      const Shape map = shape_at(model, conv5, square(canvas_side(by, size)));
      EXPECT_EQ(placed(model, {"conv5", 3}, {0, 0}, by, square(size)), (Unit{"conv5", 3, 0, 0}));
      EXPECT_EQ(placed(model, {"conv5", 3}, {1, 0.5F}, by, square(size)), (Unit{"conv5", 3, map.w - 1, map.h / 2}));
    }
}

TEST(Places, LeaveAUnitAloneWhereNoneIsChosen) {
  EXPECT_EQ(placed(alexnet(), {"conv5", 3}, {}, recipe("lucid"), square(128)), (Unit{"conv5", 3}));
  EXPECT_EQ(placed(alexnet(), {"conv5", 3, 2, 1}, {}, recipe("lucid"), square(128)), (Unit{"conv5", 3, 2, 1}));
}

TEST(Places, AskForALayerThatThereIs) {
  EXPECT_THROW(placed(alexnet(), {"conv9", 3}, {0, 0}, recipe("lucid"), square(128)), UserError);
}

// Before a dense head the net takes any size, behind it only its own.
TEST(InputSize, IsTheNetsOwnWhereALayerNeedsIt) {
  Model model;
  model.graph = net_with_head(8, 6).import().graph;
  const Recipe plain = recipe("plain"), lucid = recipe("lucid");
  EXPECT_EQ(input_size_for(model, {find_layer(model.graph, "conv")}, lucid, square(64)), Size{});
  EXPECT_EQ(input_size_for(model, {find_layer(model.graph, "dense")}, lucid, square(64)), (Size{6, 8}));
  EXPECT_EQ(input_size_for(model, {find_layer(model.graph, "dense")}, plain, square(64)), (Size{6, 8}));
  EXPECT_EQ(input_size_for(model, {find_layer(model.graph, "dense")}, plain, {6, 8}), Size{}) << "it fits as it is";
}

// As many pixels as a square has, in the proportions of what the net gets of it: the canvas's.
TEST(ImageSize, HasTheProportionsOfTheNetsInput) {
  const Recipe plain = recipe("plain"), lucid = recipe("lucid");
  EXPECT_EQ(image_size(lucid, 128, {}), square(128));
  EXPECT_EQ(image_size(lucid, 128, square(32)), square(128));
  EXPECT_EQ(image_size(plain, 128, {96, 32}), (Size{222, 74}));
  EXPECT_EQ(image_size(plain, 128, {32, 96}), (Size{74, 222}));
  for (const Recipe &by : {plain, lucid})
    for (const Size input : {Size{96, 32}, Size{32, 96}, Size{200, 66}, Size{17, 31}}) {
      const Size image = image_size(by, 128, input);
      const double width = canvas_side(by, image.width), height = canvas_side(by, image.height);
      EXPECT_NEAR(width / height * input.height / input.width, 1, 0.01);
      EXPECT_NEAR(width * height / (canvas_side(by, 128) * canvas_side(by, 128)), 1, 0.02);
    }
  const Size sliver = image_size(lucid, 128, {4000, 1});
  EXPECT_EQ(sliver.height, 16) << "something of it is left";
  EXPECT_LE(sliver.width, 4096);
}

TEST(ImageSize, IsASquareWhereTheNetTakesOne) {
  Model model;
  model.graph = net_with_head(32, 96).import().graph;
  const Recipe plain = recipe("plain");
  EXPECT_EQ(image_size_for(model, {find_layer(model.graph, "conv")}, plain, 64), square(64));
  EXPECT_EQ(image_size_for(model, {find_layer(model.graph, "dense")}, plain, 64), (Size{111, 37}));
}

TEST(CleanPath, TakesWhatShellsAndFileManagersGive) {
  EXPECT_EQ(clean_path("  '/a b/c.png'\n"), "/a b/c.png");
  EXPECT_EQ(clean_path("file:///home/me/my%20cat%C3%A9.png\r\n"), "/home/me/my cat\xC3\xA9.png");
  EXPECT_EQ(clean_path("/a/100%25.png"), "/a/100%25.png") << "no address: as it is";
  EXPECT_EQ(clean_path("file:///a/50%"), "/a/50%");
  EXPECT_EQ(clean_path("file:///a/%zz%4"), "/a/%zz%4");
  EXPECT_EQ(clean_path(" \n"), "");
}

} // namespace
} // namespace convscope::viewer
