// Whole nets through the binary against tensors that other implementations computed in float64.
#include "program/program.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace convscope {
namespace {

struct Net {
  std::string name, folder;
  Arguments options; // after the command's name
  double tolerance;  // relative L2
  double left_out;   // of the gradient's pixels, those with the largest errors
  std::vector<std::string> layers;
  std::vector<std::pair<std::string, int>> objectives; // layer, channel
};

// ResNet50V2's test file has weights of few bits, so that at whole pixel values the outputs of its first convolution lie on
// a grid, and in 800 windows of its first pool the two largest are equal but for rounding. Which of them gets the gradient
// is chance, in float32 and in float64; that changes an eighth of the gradient's pixels, and nothing elsewhere.
constexpr double ties = 0.2;

// The relative L2 error of an (1,C,H,W) array over all pixels but that part with the largest errors.
double relative_l2_without(double left_out, const Array &actual, const Array &expected) {
  EXPECT_EQ(actual.shape, expected.shape);
  if (actual.shape != expected.shape || expected.shape.size() != 4)
    return std::numeric_limits<double>::infinity();
  const auto pixels = static_cast<std::size_t>(expected.shape[2] * expected.shape[3]);
  std::vector<std::pair<double, double>> squares(pixels); // of the difference and of what is expected
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    squares[i % pixels].first += std::pow(double{actual.data[i]} - double{expected.data[i]}, 2);
    squares[i % pixels].second += std::pow(double{expected.data[i]}, 2);
  }
  std::sort(squares.begin(), squares.end());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; static_cast<double>(i) < static_cast<double>(pixels) * (1 - left_out); ++i) {
    difference += squares[i].first;
    norm += squares[i].second;
  }
  return std::sqrt(difference / norm);
}

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
};

TEST_P(Golden, Activations) {
  for (const std::string &layer : GetParam().layers) {
    done(command("activations", {"--layer", layer, "-o", layer + ".npy"}), {layer + ".npy"});
    const double error = relative_l2(npy(layer + ".npy"), expected("act." + layer + ".npy"));
    EXPECT_LE(error, GetParam().tolerance) << layer;
  }
}

TEST_P(Golden, Gradients) {
  const auto listed = parse_json(read_bytes(golden("meta.json"))).at("gradients");
  for (const auto &[layer, channel] : GetParam().objectives) {
    const std::string objective = layer + ":" + std::to_string(channel);
    const std::string output = layer + ".npy";
    const Result result = done(command("gradient", {"--objective", objective, "-o", output, "--json"}), {output});
    const double error =
        relative_l2_without(GetParam().left_out, npy(output), expected("grad." + layer + "." + std::to_string(channel) + ".npy"));
    EXPECT_LE(error, GetParam().tolerance) << objective;
    const auto found = std::find_if(listed.begin(), listed.end(), [&, layer = layer, channel = channel](const auto &item) {
      return item.at("layer") == layer && item.at("channel") == channel;
    });
    ASSERT_NE(found, listed.end());
    const auto value = found->at("value").template get<double>();
    EXPECT_NEAR(value_of(result), value, GetParam().tolerance * std::abs(value));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Nets, Golden,
    testing::Values(Net{"vgg16", "golden/vgg16", {"--model", "vgg16"}, 1e-5, 0,
                        {"block2_pool", "block3_conv1", "block4_conv1", "block5_conv3"},
                        {{"block2_conv1", 17}, {"block3_conv3", 100}, {"block5_conv1", 300}, {"block5_conv3", 45}}},
                    Net{"alexnet", "golden/alexnet", {"--model", "alexnet"}, 1e-5, 0,
                        {"conv1", "conv3", "pool5"},
                        {{"conv2", 8}, {"conv5", 210}}},
                    Net{"resnet50v2", "keras/resnet50v2-notop",
                        {"--model", "resnet50v2", "--weights",
                         shared_data("keras/resnet50v2-notop/model.weights-legacy.h5").string()},
                        1e-4, ties,
                        {"conv1_conv", "conv3_block4_out", "post_relu"},
                        {{"conv2_block2_out", 169}, {"conv4_block3_2_conv", 18}, {"conv5_block3_out", 1939}}}),
    [](const auto &net) { return net.param.name; });

} // namespace
} // namespace convscope
