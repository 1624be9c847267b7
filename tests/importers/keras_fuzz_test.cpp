// Configurations in which any one value is another than Keras writes: each loads, or is refused with one line. And
// seeds of the fuzz targets (tests/fuzz).
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "importer/keras_model.h"
#include "importers/keras_files.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

// One of each family of layers, both forms of calls, a nested model, an operation.
Json varied_model() {
  const Json inner =
      keras_sequential("inner", {keras_input("in", small_picture), keras_layer("ReLU", "r6", {{"max_value", 6}})});
  Json nested = keras_layer("Sequential", "inner", Json::object(), {"a"});
  nested["config"] = inner["config"];
  return keras_functional(
      "net",
      {keras_input("i", small_picture),
       keras_layer("Conv2D", "a",
                   {{"filters", 2},
                    {"kernel_size", {3, 3}},
                    {"strides", {1, 1}},
                    {"padding", "same"},
                    {"groups", 1},
                    {"dilation_rate", {1, 1}},
                    {"activation", "relu"},
                    {"data_format", "channels_last"}},
                   {"i"}),
       nested, keras_layer("BatchNormalization", "b", {{"axis", 3}, {"epsilon", 1e-3}, {"center", true}}, {"inner"}),
       keras2_layer("DepthwiseConv2D", "c", {{"kernel_size", {3, 3}}, {"depth_multiplier", 1}, {"use_bias", false}},
                    {"b"}),
       keras_layer("MaxPooling2D", "p", {{"pool_size", {2, 2}}, {"strides", {2, 2}}, {"padding", "valid"}}, {"c"}),
       keras_operation("Multiply", "m", {keras_tensor("p"), 0.5}),
       keras_layer("ZeroPadding2D", "q", {{"padding", {{1, 0}, {0, 1}}}}, {"m"}),
       keras_layer("UpSampling2D", "u", {{"size", {2, 2}}, {"interpolation", "bilinear"}}, {"q"}),
       keras_layer("Rescaling", "s", {{"scale", 2.0}, {"offset", {1, 2}}}, {"u"}),
       keras_layer("Concatenate", "k", {{"axis", -1}}, {"u", "s"}),
       keras_layer("LeakyReLU", "l", {{"negative_slope", 0.1}}, {"k"}),
       keras_layer("Reshape", "h", {{"target_shape", {4, 8, 8}}}, {"l"}),
       keras_layer("Permute", "t", {{"dims", {2, 1, 3}}}, {"h"}), keras_layer("Flatten", "f", Json::object(), {"t"}),
       keras_layer("Dense", "d", {{"units", 2}, {"activation", {{"class_name", "function"}, {"config", "softmax"}}}},
                   {"f"})},
      "i", "d");
}

std::vector<H5Layer> varied_weights() {
  return {{"a", {{"kernel", {3, 3, 3, 2}, counted_values(54)}, {"bias", {2}, {1, 2}}}},
          {"b", {{"gamma", {2}, {1, 2}}, {"beta", {2}, {1, 2}}, {"mean", {2}, {1, 2}}, {"variance", {2}, {1, 2}}}},
          {"c", {{"kernel", {3, 3, 2, 1}, counted_values(18)}}},
          {"d", {{"kernel", {256, 2}, counted_values(512)}, {"bias", {2}, {1, 2}}}}};
}
std::vector<H5Tensor> varied_variables() {
  std::vector<H5Tensor> variables;
  for (const H5Layer &layer : varied_weights())
    for (std::size_t i = 0; i < layer.tensors.size(); ++i) {
      const std::string kind = layer.name == "a"   ? "conv2d"
                               : layer.name == "b" ? "batch_normalization"
                               : layer.name == "c" ? "depthwise_conv2d"
                                                   : "dense";
      variables.push_back(layer.tensors[i]);
      variables.back().name = "layers/" + kind + "/vars/" + std::to_string(i);
    }
  return variables;
}

void load(const std::filesystem::path &path, const std::string &what) {
  try {
    load_keras_model(path);
  } catch (const UserError &error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << what << ": " << text;
    EXPECT_NE(text.find(path.filename().string()), std::string::npos) << what << ": " << text;
  }
}

TEST(KerasFuzz, AnyValueOfAnotherType) {
  const TemporaryFolder folder;
  const Json model = varied_model();
  write_keras(folder / "x.keras", model, varied_variables());
  EXPECT_EQ(load_keras_model(folder / "x.keras").nodes.back().name, "d");
  std::ifstream stream(folder / "x.keras.weights.h5", std::ios::binary);
  const std::string weights{std::istreambuf_iterator<char>(stream), {}};

  const Json flat = model.flatten();
  std::vector<std::string> places;
  for (const auto &entry : flat.items()) { // leaves, and what is above them
    std::string place = entry.key();
    for (; !place.empty(); place.resize(place.find_last_of('/')))
      if (std::find(places.begin(), places.end(), place) == places.end())
        places.push_back(place);
  }
  const std::vector<Json> values{nullptr,
                                 -1,
                                 0,
                                 3,
                                 1e300,
                                 "x",
                                 Json::array(),
                                 Json::object(),
                                 true,
                                 std::numeric_limits<std::int64_t>::max(),
                                 Json::array({-5, 7})};
  ASSERT_GT(places.size(), 200u);
  for (std::size_t i = 0; i < places.size(); ++i)
    for (std::size_t k = i % 5; k < values.size(); k += 5) { // two or three values for each place
      Json changed = model;
      changed[Json::json_pointer(places[i])] = values[k];
      write_zip(folder / "x.keras", {{"config.json", changed.dump()}, {"model.weights.h5", weights}});
      load(folder / "x.keras", places[i] + " = " + values[k].dump());
    }
}

// The seeds of the fuzz targets, into a folder that CONVSCOPE_SEEDS names.
TEST(FuzzSeeds, Keras) {
  const char *kept = std::getenv("CONVSCOPE_SEEDS");
  if (!kept)
    GTEST_SKIP() << "CONVSCOPE_SEEDS names no folder";
  const TemporaryFolder folder;
  write_keras(folder / "x.keras", varied_model(), varied_variables());
  write_keras_h5(folder / "x.h5", varied_model(), varied_weights());
  const std::filesystem::path seeds = kept;
  const auto keep = [&](const std::string &file, const char *format) {
    std::filesystem::create_directories(seeds / format);
    std::filesystem::copy_file(folder / file, seeds / format / "varied",
                               std::filesystem::copy_options::overwrite_existing);
  };
  keep("x.keras", "keras_zip");
  keep("x.h5", "keras_h5");
  std::ofstream(folder / "x.json") << varied_model().dump();
  keep("x.json", "keras_config");
}

} // namespace
} // namespace convscope
