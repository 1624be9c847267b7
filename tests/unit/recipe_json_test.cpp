// A recipe as a file: all of it goes out and comes back, and what is wrong with one is said.
#include "session/recipe_json.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "unit/scratch.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Recipe read(const std::string &text) {
  const auto json = nlohmann::ordered_json::parse(text);
  return read_recipe({json, "my.json"});
}

TEST(RecipeJson, ComesBackAsItWas) {
  for (const std::string &name : recipe_names()) {
    Recipe made = recipe(name);
    made.lr = 0.123;
    made.steps = 77;
    EXPECT_EQ(read(to_json(made).dump()), made) << name;
  }
}

TEST(RecipeJson, WhatIsNotSaidIsTheBases) {
  Recipe expected = recipe("lucid");
  expected.steps = 64;
  expected.optimizer = OptimizerKind::nadam;
  EXPECT_EQ(read(R"({"base": "lucid", "steps": 64, "optimizer": "nadam"})"), expected);
  EXPECT_EQ(read("{}"), recipe("plain"));
}

// As by --parameterization: with the rate, the start and the colours that it needs, but where the file says others.
TEST(RecipeJson, AParameterizationBringsItsSettings) {
  for (const std::string &name : parameterization_names()) {
    Recipe expected = recipe("lucid");
    set_parameterization(expected, parameterization_kind(name, "a test"));
    EXPECT_EQ(read(R"({"lr": 0.5, "base": "lucid", "parameterization": ")" + name + "\"}").lr, 0.5) << name;
    EXPECT_EQ(read(R"({"base": "lucid", "parameterization": ")" + name + "\"}"), expected) << name;
  }
}

TEST(RecipeJson, WhatIsDrawnIsDone) {
  EXPECT_TRUE(read(R"({"crops": 4})").transforms);
  EXPECT_TRUE(read(R"({"canvas_margin": 12})").transforms);
  EXPECT_TRUE(read(R"({"rotation": {"uniform": true, "values": [-5, 5]}})").transforms);
  EXPECT_FALSE(read(R"({"transforms": false, "rotation": {"uniform": true, "values": [-5, 5]}})").transforms);
}

// Settings from before canvases scaled: they are drawn again as they were.
TEST(RecipeJson, OldRecipesKeepTheirCanvas) {
  auto json = to_json(recipe("lucid"));
  json.erase("canvas_scales");
  json.erase("canvas_crop");
  const Recipe old = read(json.dump());
  EXPECT_FALSE(scales_canvas(old, false));
  EXPECT_EQ(canvas_side(old, 128), 140);
}

TEST(RecipeJson, CanvasesScaleByAFewValues) {
  EXPECT_THAT(complaint([] { read(R"({"base": "lucid", "scale": {"uniform": true, "values": [0.9, 1.1]}})"); }),
              HasSubstr("my.json: where the canvas scales, 'scale' is a list of up to 32 values"));
  const Recipe fixed =
      read(R"({"base": "lucid", "canvas_scales": false, "scale": {"uniform": true, "values": [0.9, 1.1]}})");
  EXPECT_TRUE(fixed.scale.uniform);
}

TEST(RecipeJson, AFileIsAskedWhatItSays) {
  const Scratch folder;
  const std::string file = folder.put("mine.json", R"({"base": "lucid", "steps": 9})").string();
  EXPECT_TRUE(recipe_says(file, "steps"));
  EXPECT_FALSE(recipe_says(file, "size"));
  EXPECT_FALSE(recipe_says("lucid", "steps"));
}

TEST(RecipeJson, SaysWhatIsWrong) {
  const auto error = [](const std::string &text) { return complaint([&] { read(text); }); };
  EXPECT_EQ(error(R"({"base": "lucid", "step": 64})"), "my.json: a recipe has no 'step' (did you mean 'steps'?)");
  EXPECT_THAT(error(R"({"base": "lucd"})"), HasSubstr("did you mean 'lucid'"));
  for (const char *bad : {R"({"steps": 0})", R"({"steps": 1.5})", R"({"lr": -1})", R"({"optimizer": "sgd"})",
                          R"({"scale": {"uniform": true, "values": [0, 1]}})", R"({"jitter": 3})",
                          R"({"crops": 1000000})", R"({"transforms": "yes"})"})
    EXPECT_THAT(error(bad), AllOf(StartsWith("my.json: '"), HasSubstr(": it must be "))) << bad;
  EXPECT_EQ(error(R"({"optimizer": "sgd"})"), "my.json: 'optimizer' is \"sgd\": it must be adam or nadam");
  EXPECT_EQ(error(R"({"steps": 0})"), "my.json: 'steps' is 0: it must be a whole number from 1 to 1000000");
  EXPECT_THAT(error(R"({"scale": 1.0})"), HasSubstr("my.json: 'scale' is 1.0: it must be {\"uniform\": true"));
  EXPECT_THAT(error(R"({"scale": {"uniform": false, "values": [1], "sigma": 3}})"), HasSubstr("'scale' is {"));
  EXPECT_THAT(error(R"({"parameterization": "cpn"})"), HasSubstr("did you mean 'cppn'"));
  EXPECT_THAT(error(R"({"parameterization": 3})"), HasSubstr("my.json: 'parameterization' is one of fft, "));
  EXPECT_THAT(error(R"({"base": 3})"), HasSubstr("my.json: 'base' is one of lucid, "));
  EXPECT_THAT(error("[]"), HasSubstr("a recipe is a JSON object"));
}

} // namespace
} // namespace convscope
