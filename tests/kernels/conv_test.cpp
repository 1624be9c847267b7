// Convolutions in every back end, over odd shapes: epilogues, input gradients, adjoints, batches.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

struct ConvCase {
  std::string name;
  int in_c, out_c, groups;
  Window window;
  int h, w, batch;
};

const std::vector<ConvCase> cases = {
    {"OnePixel", 1, 1, 1, square_window(1), 1, 1, 3},
    {"Pointwise", 5, 17, 1, square_window(1), 13, 11, 3},
    {"PointwiseStride2", 16, 33, 1, square_window(1, 2), 10, 9, 1},
    {"Stem3x3", 3, 16, 1, square_window(3, 1, 1), 13, 11, 3},
    {"Wide3x3", 16, 64, 1, square_window(3, 1, 1), 17, 16, 1},
    {"Large3x3", 3, 130, 1, square_window(3, 1, 1), 65, 64, 1},
    {"AsymmetricStride2", 17, 5, 1, {3, 3, 2, 2, 1, 1, {0, 1, 1, 0}}, 12, 15, 3},
    {"Cropping", 3, 5, 1, {3, 3, 1, 1, 1, 1, {-1, -2, 1, 0}}, 9, 12, 3},
    {"Dilated", 16, 33, 1, square_window(3, 1, 2, 2), 9, 8, 1},
    {"DilatedStride2", 5, 3, 1, square_window(3, 2, 1, 2), 12, 11, 3},
    {"DilatedStride4", 3, 3, 1, square_window(3, 4, 1, 2), 15, 18, 1},
    {"FlatKernel", 5, 17, 1, {1, 3, 1, 2, 2, 1, {0, 1, 0, 1}}, 7, 14, 1},
    {"Square5x5", 1, 5, 1, square_window(5, 1, 2), 19, 9, 1},
    {"Grouped5x5Stride2", 6, 10, 2, square_window(5, 2, 2), 11, 14, 3},
    {"Grouped33", 66, 6, 2, square_window(3, 1, 1), 6, 7, 1},
    {"Depthwise", 33, 33, 33, square_window(3, 1, 1), 7, 9, 3},
    {"DepthwiseStride2Twice", 5, 10, 5, square_window(3, 2, 1), 9, 10, 1},
    {"Stem7x7Stride2", 3, 16, 1, square_window(7, 2, 3), 23, 21, 3},
    {"Stem11x11Stride4", 3, 17, 1, square_window(11, 4, 2), 39, 43, 1},
    {"WholeMap", 17, 33, 1, square_window(7), 7, 7, 3},
};

std::string backend_name(ConvBackend backend) {
  switch (backend) {
  case ConvBackend::automatic:
    return "Automatic";
  case ConvBackend::broadcast:
    return "Broadcast";
  case ConvBackend::shared:
    return "Shared";
  case ConvBackend::direct:
    return "Direct";
  }
  return {};
}

void PrintTo(const ConvCase &shape, std::ostream *out) { *out << shape.name; }

class ConvTest : public ::testing::TestWithParam<std::tuple<ConvCase, ConvBackend>> {
protected:
  void SetUp() override {
    if (options().backend == ConvBackend::broadcast && !test_device().info().subgroup_shuffle)
      GTEST_SKIP() << "the device has no subgroup shuffles";
  }

  static const ConvCase &shape() { return std::get<0>(GetParam()); }
  static NetworkOptions options() {
    NetworkOptions options;
    options.backend = std::get<1>(GetParam());
    options.input = {shape().in_c, shape().h, shape().w};
    options.batch = shape().batch;
    options.backward = true;
    return options;
  }
  static Conv conv(unsigned seed, bool bias) {
    Conv op = random_conv(shape().in_c, shape().out_c, shape().window, seed, shape().groups, bias);
    for (float &weight : op.weights)
      weight = coarse(weight);
    for (float &value : op.bias)
      value = coarse(value);
    return op;
  }
  static Tensor input(unsigned seed) {
    return coarse(random_tensor(shape().batch, shape().in_c, shape().h, shape().w, seed));
  }

  // relu(conv(x) + bias + conv(x)) with a ceiling, x = relu(input): one convolution has every epilogue of the forward
  // pass, the other none; the same holds for their gradients.
  static Graph two_paths() {
    Graph graph = graph_with_input();
    const NodeId x = push(graph, Relu{}, {0});
    const NodeId left = push(graph, conv(1, true), {x});
    const NodeId right = push(graph, conv(3, false), {x});
    const NodeId sum = push(graph, Add{}, {left, right});
    push(graph, Relu{0.75F}, {sum});
    return graph;
  }
};

TEST_P(ConvTest, ForwardAndGradientAreTheReferences) {
  NetworkOptions wanted = options();
  const Graph graph = two_paths();
  wanted.targets = {static_cast<NodeId>(graph.nodes.size()) - 1};
  expect_like_reference(graph, input(5), wanted);
}

// <A x, y> = <x, At y>, both from the device.
TEST_P(ConvTest, GradientIsTheAdjoint) {
  Graph graph = graph_with_input();
  NetworkOptions wanted = options();
  wanted.targets = {push(graph, conv(1, false), {0})};
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, wanted);
  const Tensor x = random_tensor(shape().batch, shape().in_c, shape().h, shape().w, 7);
  const std::vector<Tensor> seeds = random_seeds(graph, wanted);
  net.run(x, seeds);
  const Tensor ax = net.output(0);
  const double norms = std::sqrt(reference::dot(ax, ax) * reference::dot(seeds[0], seeds[0]));
  EXPECT_NEAR(reference::dot(ax, seeds[0]), reference::dot(x, net.gradient()), 1e-6 * norms);
}

TEST_P(ConvTest, AnImageIsTheSameAloneAndInABatch) {
  const Graph graph = two_paths();
  NetworkOptions wanted = options();
  wanted.batch = 2;
  wanted.targets = {static_cast<NodeId>(graph.nodes.size()) - 1};
  Weights weights(test_device());
  DeviceNetwork together(weights, graph, wanted);
  const Tensor images = random_tensor(2, shape().in_c, shape().h, shape().w, 9);
  const std::vector<Tensor> seeds = random_seeds(graph, wanted);
  together.run(images, seeds);
  wanted.batch = 1;
  DeviceNetwork alone(weights, graph, wanted);
  for (int n = 0; n < 2; ++n) {
    alone.run(image_of(images, n), {image_of(seeds[0], n)});
    EXPECT_EQ(alone.output(0).data, image_of(together.output(0), n).data);
    EXPECT_EQ(alone.gradient().data, image_of(together.gradient(), n).data);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ConvTest,
    ::testing::Combine(::testing::ValuesIn(cases),
                       ::testing::Values(ConvBackend::broadcast, ConvBackend::shared, ConvBackend::direct)),
    [](const auto &test) { return std::get<0>(test.param).name + backend_name(std::get<1>(test.param)); });

} // namespace
} // namespace convscope
