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
      EXPECT_EQ(placed(model, {"conv5", 3}, {0, 0}, by, size), (Unit{"conv5", 3, 0, 0}));
      EXPECT_EQ(placed(model, {"conv5", 3}, {1, 0.5F}, by, size), (Unit{"conv5", 3, map.w - 1, map.h / 2}));
    }
}

TEST(Places, LeaveAUnitAloneWhereNoneIsChosen) {
  EXPECT_EQ(placed(alexnet(), {"conv5", 3}, {}, recipe("lucid"), 128), (Unit{"conv5", 3}));
  EXPECT_EQ(placed(alexnet(), {"conv5", 3, 2, 1}, {}, recipe("lucid"), 128), (Unit{"conv5", 3, 2, 1}));
}

TEST(Places, AskForALayerThatThereIs) {
  EXPECT_THROW(placed(alexnet(), {"conv9", 3}, {0, 0}, recipe("lucid"), 128), UserError);
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
