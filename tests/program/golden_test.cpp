// Whole nets through the binary against tensors that other implementations computed in float64. On a device without
// doubles resnet50v2's gradients fail: its photo has ReLU inputs and pool taps that float32 can't tell apart.
#include "program/program.h"

#include <algorithm>
#include <cmath>

namespace convscope {
namespace {

struct Net {
  std::string name, folder;
  Arguments options; // after the command's name
  double tolerance;  // relative L2
  std::vector<std::string> layers;
  std::vector<std::pair<std::string, int>> objectives; // layer, channel
};

void PrintTo(const Net &net, std::ostream *stream) { *stream << net.name; }

class Golden : public ProgramTest, public testing::WithParamInterface<Net> {
protected:
  void SetUp() override {
    if (!std::filesystem::exists(golden("input.npy")))
      GTEST_SKIP() << "no " << golden("");
  }
  static std::filesystem::path golden(const std::string &file) { return shared_data(GetParam().folder + "/" + file); }

  Arguments command(const std::string &name, const Arguments &more) const {
    Arguments all = {name};
    all.insert(all.end(), GetParam().options.begin(), GetParam().options.end());
    all.insert(all.end(), {"--input", golden("input.npy").string()});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Array expected(const std::string &file) const {
    std::filesystem::copy_file(golden(file), path(file));
    return npy(file);
  }

  void check_gradient(const std::string &layer, int channel) {
    const auto listed = parse_json(read_bytes(golden("meta.json"))).at("gradients");
    const std::string objective = layer + ":" + std::to_string(channel);
    const std::string output = layer + ".npy";
    const Result result = done(command("gradient", {"--objective", objective, "-o", output, "--json"}), {output});
    const double error = relative_l2(npy(output), expected("grad." + layer + "." + std::to_string(channel) + ".npy"));
    EXPECT_LE(error, GetParam().tolerance) << objective;
    const auto found = std::find_if(listed.begin(), listed.end(), [&](const auto &item) {
      return item.at("layer") == layer && item.at("channel") == channel;
    });
    ASSERT_NE(found, listed.end());
    const auto value = found->at("value").template get<double>();
    EXPECT_NEAR(value_of(result), value, GetParam().tolerance * std::abs(value));
  }
};

TEST_P(Golden, Activations) {
  for (const std::string &layer : GetParam().layers) {
    done(command("activations", {"--layer", layer, "-o", layer + ".npy"}), {layer + ".npy"});
    const double error = relative_l2(npy(layer + ".npy"), expected("act." + layer + ".npy"));
    EXPECT_LE(error, GetParam().tolerance) << layer;
  }
}

TEST_P(Golden, Gradients) {
  for (const auto &[layer, channel] : GetParam().objectives)
    check_gradient(layer, channel);
}

INSTANTIATE_TEST_SUITE_P(
    Nets, Golden,
    testing::Values(Net{"vgg16",
                        "golden/vgg16",
                        {"--model", "vgg16"},
                        1e-5,
                        {"block2_pool", "block3_conv1", "block4_conv1", "block5_conv3"},
                        {{"block2_conv1", 17}, {"block3_conv3", 100}, {"block5_conv1", 300}, {"block5_conv3", 45}}},
                    Net{"alexnet",
                        "golden/alexnet",
                        {"--model", "alexnet"},
                        1e-5,
                        {"conv1", "conv3", "pool5"},
                        {{"conv2", 8}, {"conv5", 210}}},
                    Net{"vgg16Fast",
                        "golden/vgg16",
                        {"--model", "vgg16", "--precision", "fast"},
                        1e-4,
                        {"block3_conv1", "block5_conv3"},
                        {{"block3_conv3", 100}, {"block5_conv3", 45}}},
                    Net{"resnet50v2",
                        "keras/resnet50v2-notop",
                        {"--model", "resnet50v2", "--weights",
                         shared_data("keras/resnet50v2-notop/model.weights-legacy.h5").string()},
                        1e-4,
                        {"conv1_conv", "conv3_block4_out", "post_relu"},
                        {{"conv2_block2_out", 169}, {"conv4_block3_2_conv", 18}, {"conv5_block3_out", 1939}}}),
    [](const auto &net) { return net.param.name; });

} // namespace
} // namespace convscope
