// Convolutions in every back end, over odd shapes: epilogues, input gradients, adjoints, batches.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "kernels/conv_cases.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"
#include "plan/conv.h"
#include "plan/conv_params.h"
#include "vulkan/device.h"
#include "vulkan/vendors.h"

namespace convscope {
namespace {

namespace vendor = vulkan::vendor;
using reference::random_tensor;
using reference::Tensor;

constexpr int tile_of_device = -1;

// The last is which of shared_tiles(); beyond them, the same without loads ahead.
class ConvTest : public ::testing::TestWithParam<std::tuple<ConvCase, ConvBackend, int>> {
protected:
  void SetUp() override {
    if (options().backend == ConvBackend::broadcast && !test_device().info().subgroup_shuffle)
      GTEST_SKIP() << "the device has no subgroup shuffles";
    if (options().backend == ConvBackend::matrix && !matrices_fit(test_device().info()))
      GTEST_SKIP() << no_matrices();
    if (options().backend == ConvBackend::half && !halves_fit(test_device().info()))
      GTEST_SKIP() << "the device has no arithmetic of 16 bits, or no subgroup arithmetic";
  }

  static const ConvCase &shape() { return std::get<0>(GetParam()); }
  static NetworkOptions options() {
    NetworkOptions options;
    options.backend = std::get<1>(GetParam());
    if (std::get<2>(GetParam()) != tile_of_device) {
      static SharedTile tile;
      const auto which = static_cast<std::size_t>(std::get<2>(GetParam()));
      tile = shared_tiles()[which % shared_tiles().size()];
      tile.ahead = which < shared_tiles().size();
      tile.unroll = 2; // or a CPU's driver takes long to compile it
      options.tile = &tile;
    }
    options.input = {shape().in_c, shape().h, shape().w};
    options.batch = shape().batch;
    options.backward = true;
    return options;
  }
  static Conv conv(unsigned seed, bool bias) {
    Conv op = random_conv(shape().in_c, shape().out_c, shape().window, seed, shape().groups, bias);
    for (float &weight : op.weights.own())
      weight = coarse(weight);
    for (float &value : op.bias.own())
      value = coarse(value) + 1.0F / 2048; // no sum is 0, where rounding would decide
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

// Of the largest value.
double tolerance_of(ConvBackend backend) {
  switch (backend) {
  case ConvBackend::winograd4: // multiplies by up to 8 and divides by up to 24 on its way
    return 3e-5;
  case ConvBackend::matrix: // rounds each input to 11 bits
    return 5e-4;
  case ConvBackend::half: // and sums of 8 products
    return 1e-3;
  default:
    return 2e-6;
  }
}

TEST_P(ConvTest, ForwardAndGradientAreTheReferences) {
  NetworkOptions wanted = options();
  const Graph graph = two_paths();
  wanted.targets = {static_cast<NodeId>(graph.nodes.size()) - 1};
  expect_like_reference(graph, input(5), wanted, tolerance_of(wanted.backend));
}

// conv(relu(x * scale + shift)) with a ceiling, and another reader of x whose gradient is there first.
TEST_P(ConvTest, TheGradientComesThroughTheNormBeforeIt) {
  NetworkOptions wanted = options();
  wanted.precision = Precision::fast;
  ScaleShift norm = random_scale_shift(shape().in_c, 11);
  for (std::size_t c = 0; c < norm.scale.size(); ++c) {
    norm.scale[c] = (c % 3 == 0 ? -1 : 1) * coarse(norm.scale[c]);
    norm.shift[c] = coarse(norm.shift[c]) + 1.0 / 2048;
  }
  Graph graph = graph_with_input();
  const NodeId inside = push(graph, Relu{0.75F}, {push(graph, norm, {0})});
  const NodeId out = push(graph, conv(1, true), {inside});
  wanted.targets = {out, push(graph, random_scale_shift(shape().in_c, 13), {0})};
  // Where the back end can't do the shape, `fast` may take Winograd's.
  expect_like_reference(graph, input(5), wanted,
                        std::max(tolerance_of(wanted.backend), tolerance_of(ConvBackend::winograd4)));
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
  const bool halves = wanted.backend == ConvBackend::matrix || wanted.backend == ConvBackend::half;
  EXPECT_NEAR(reference::dot(ax, seeds[0]), reference::dot(x, net.gradient()), (halves ? 2e-4 : 1e-6) * norms);
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

std::string name_of(const ::testing::TestParamInfo<ConvTest::ParamType> &test) {
  const std::string name = std::get<0>(test.param).name + '_' + std::string(backend_name(std::get<1>(test.param)));
  const int tile = std::get<2>(test.param);
  return tile == tile_of_device ? name : fmt::format("{}_{}", name, tile);
}

INSTANTIATE_TEST_SUITE_P(All, ConvTest,
                         ::testing::Combine(::testing::ValuesIn(odd_convolutions()),
                                            ::testing::ValuesIn(all_backends()), ::testing::Values(tile_of_device)),
                         name_of);

// A device has but one of the tiles for a shape: here are the others.
INSTANTIATE_TEST_SUITE_P(Tiles, ConvTest,
                         ::testing::Combine(::testing::ValuesIn(tiled_convolutions()),
                                            ::testing::Values(ConvBackend::shared),
                                            ::testing::Range(0, 2 * static_cast<int>(shared_tiles().size()))),
                         name_of);

vulkan::DeviceInfo device_of(std::uint32_t vendor, std::uint32_t invocations, std::uint32_t shared_memory) {
  vulkan::DeviceInfo device;
  device.type = "discrete";
  device.vendor_id = vendor;
  device.max_invocations = device.max_group_size[0] = invocations;
  device.max_shared_memory = shared_memory;
  return device;
}

TEST(SharedTileTest, IsWithinTheDevicesLimitsAndSuitsTheShape) {
  for (const vulkan::DeviceInfo &device :
       {device_of(vendor::amd, 1024, 65536), device_of(vendor::intel, 1024, 65536), device_of(vendor::arm, 512, 32768),
        device_of(vendor::broadcom, 256, 16384), device_of(0, 128, 16384)})
    for (const ConvCase &shape : convolutions_of_nets()) {
      const gpu::ConvParams params =
          forward_params(shape.window, shape.groups, {shape.in_c, shape.h, shape.w},
                         {shape.out_c, (shape.h + shape.window.stride_h - 1) / shape.window.stride_h,
                          (shape.w + shape.window.stride_w - 1) / shape.window.stride_w},
                         1);
      const SharedTile tile = shared_tile(params, device);
      EXPECT_LE(static_cast<std::uint32_t>(tile.threads()), device.max_invocations);
      EXPECT_LE(static_cast<std::uint32_t>(16 * 4 * (tile.channels() + tile.positions())), device.max_shared_memory);
      EXPECT_LE(tile.thread_m * tile.thread_n, device.vendor_id == vendor::amd || device.vendor_id == 0 ? 64 : 16);
      gpu::ConvParams batch = params;
      batch.batch = 16;
      EXPECT_EQ(shared_tile(batch, device).channels(), tile.channels());
      EXPECT_EQ(shared_tile(batch, device).positions(), tile.positions());
    }
  const gpu::ConvParams large = forward_params(square_window(3, 1, 1), 1, {128, 112, 112}, {128, 112, 112}, 1);
  EXPECT_EQ(shared_tile(large, device_of(vendor::amd, 1024, 65536)).channels(), 128);
  EXPECT_EQ(shared_tile(large, device_of(0, 128, 16384)).threads(), 128);
}

} // namespace
} // namespace convscope
