// What a PNG carries about its model comes back as it was, or is refused.
#include "app/settings.h"

#include <nlohmann/json.hpp>

#include "unit/scratch.h"

namespace convscope {
namespace {

PictureSettings some_settings() {
  PictureSettings s;
  s.command = "features";
  s.model = {"nets/a net.onnx", "", ""};
  s.model.preprocessing = Preprocessing{{2, 1, 0}, {1 / 0.229F, 255, 3}, {-0.1F, 0, -117}, "own"};
  s.model.size = {320, 299};
  s.model.labels = "labels.txt";
  s.model.rgb = {4, 0, 1};
  s.weights = {"", 1234, "0123456789abcdef"};
  s.labels = FileMark{"labels.txt", 99, "fedcba9876543210"};
  s.image = FileMark{"photo.png", 5, "0000000000000000"};
  s.layer = "/features/features.3/Conv";
  s.range = "own";
  s.channels = {0, 3};
  return s;
}

TEST(Settings, TellTheModel) {
  const PictureSettings settings = some_settings();
  const std::string text = settings_json(settings);
  const PictureSettings again = read_settings(text, "vis.png");
  EXPECT_EQ(again.model, settings.model);
  EXPECT_EQ(again.labels, settings.labels);
  EXPECT_EQ(settings_json(again), text);
}

TEST(Settings, OfEarlierVersionsTellLess) {
  auto json = nlohmann::json::parse(settings_json(some_settings()));
  for (const char *key : {"preprocessing", "model_size", "labels", "rgb"})
    json.erase(key);
  const PictureSettings settings = read_settings(json.dump(), "vis.png");
  EXPECT_EQ(settings.model, (ModelRequest{"nets/a net.onnx", "", ""}));
  EXPECT_FALSE(settings.labels);
}

TEST(Settings, RefuseWhatNoVersionWrites) {
  const auto refuse = [](const char *pointer, const nlohmann::json &value) {
    auto json = nlohmann::json::parse(settings_json(some_settings()));
    json[nlohmann::json::json_pointer(pointer)] = value;
    EXPECT_NE(complaint([&] { read_settings(json.dump(), "vis.png"); }).find("vis.png: its settings can't be used"),
              std::string::npos)
        << pointer;
  };
  refuse("/preprocessing", 3);
  refuse("/preprocessing/source", {0, 1});
  refuse("/preprocessing/source/1", 3);
  refuse("/preprocessing/source/1", -1);
  refuse("/preprocessing/scale/0", "1");
  refuse("/preprocessing/shift/2", 1e300);
  refuse("/preprocessing/name", 1);
  refuse("/rgb", {0, 1});
  refuse("/rgb/1", -1);
  refuse("/model_size", 0);
  refuse("/model_size", {224});
  refuse("/model_size", {224, 0});
  refuse("/model_size", {224, "x"});
  refuse("/labels", "labels.txt");
}

} // namespace
} // namespace convscope
