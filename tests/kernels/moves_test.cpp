// Ops that only move elements, views and constants: forward and backward over odd shapes.
#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/half.h"
#include "kernels/conv_cases.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

constexpr int to_end = std::numeric_limits<int>::max(), to_begin = std::numeric_limits<int>::min();

TEST(MovesTest, Views) {
  const Tensor input = random_tensor(2, 36, 5, 7, 1);
  check_op(Identity{}, input);
  check_op(Flatten{}, input);
  check_op(Reshape{{-1, 15, 3}}, input);
  check_op(Reshape{{1, 1, -1}}, input);
  check_op(Reshape{{35, 36, 1}}, input);
  check_op(Reshape{{36, 7, -1}}, input);
}

// What reads a ReLU through views applies the ReLU's mask, whose words lie as the ReLU's own shape has them.
TEST(MovesTest, ViewsOfAReluKeepItsMask) {
  Graph graph = graph_with_input();
  const NodeId open = push(graph, Relu{}, {0});
  const NodeId same = push(graph, Identity{}, {open});
  const NodeId wide = push(graph, Reshape{{6, 10, -1}}, {same});
  const NodeId flat = push(graph, Flatten{}, {wide});
  const std::vector<NodeId> readers = {push(graph, random_conv(6, 4, square_window(3), 1), {wide}),
                                       push(graph, random_scale_shift(6, 3), {wide}),
                                       push(graph, MaxPool{square_window(2, 2)}, {wide}),
                                       push(graph, random_dense(40 * 12, 9, 5), {flat}),
                                       push(graph, random_dense(40 * 12, 3, 7), {wide}),
                                       push(graph, random_scale_shift(480, 9), {flat}),
                                       push(graph, Relu{}, {flat}),
                                       push(graph, Add{}, {wide, wide}),
                                       same,
                                       wide,
                                       flat};
  const Tensor input = random_tensor(2, 40, 3, 4, 2);
  NetworkOptions options;
  for (const NodeId reader : readers) {
    SCOPED_TRACE(reader);
    options.targets = {reader};
    expect_like_reference(graph, input, options);
  }
  options.targets = readers;
  expect_like_reference(graph, input, options, 4e-6);
  options.revive = true; // has two recordings, of which this is the usual one
  expect_like_reference(graph, input, options, 4e-6);
}

TEST(MovesTest, Constants) {
  Graph graph = graph_with_input();
  const NodeId x = push(graph, Relu{}, {0});
  const NodeId fixed = push(graph, Constant{{3, 4, 5}, reference::random_floats(60, 1)}, {}, "fixed");
  const NodeId open = push(graph, Relu{}, {push(graph, Identity{}, {fixed})});
  const NodeId sum = push(graph, Add{}, {push(graph, random_conv(3, 3, square_window(3, 1, 1), 2), {x}), fixed});
  const NodeId joined = push(graph, Concat{}, {open, sum, x, fixed});
  NetworkOptions options;
  for (const std::vector<NodeId> &targets :
       {std::vector{joined}, {sum, fixed, open}, {fixed}, {push(graph, Relu{}, {joined}), joined}}) {
    options.targets = targets;
    expect_like_reference(graph, random_tensor(3, 3, 4, 5, 4), options);
  }
}

TEST(MovesTest, Concat) {
  // Planes of odd sizes and of whole quads; and tensors so large that a thread has several items, by elements and by
  // quads.
  const Tensor inputs[] = {random_tensor(3, 35, 5, 7, 1), random_tensor(3, 35, 6, 8, 2),
                           random_tensor(1, 40, 15, 17, 3), random_tensor(1, 104, 16, 20, 4)};
  for (const Tensor &input : inputs)
    for (const Axis axis : {Axis::c, Axis::h, Axis::w}) {
      SCOPED_TRACE(testing::Message() << input.h << " rows, axis " << static_cast<int>(axis));
      Graph graph = graph_with_input();
      const NodeId open = push(graph, Relu{}, {0});
      const NodeId part = push(graph, Slice{axis, 1, 4}, {open}), quads = push(graph, Slice{axis, 0, 4}, {open});
      const NodeId single = push(graph, Slice{axis, -1, to_end}, {0});
      const NodeId joined = push(graph, Concat{axis}, {quads, open, part, single, part, 0, open});
      NetworkOptions options;
      for (const std::vector<NodeId> &targets : {std::vector{joined}, {push(graph, Relu{}, {joined}), open, part}}) {
        options.targets = targets;
        expect_like_reference(graph, input, options);
      }
    }
}

// Each layer reads all before it, as in DenseNet.
TEST(MovesTest, ConcatOfManyConvolutions) {
  Graph graph = graph_with_input();
  std::vector<NodeId> parts = {0};
  NodeId joined = 0;
  for (unsigned layer = 0; layer < 6; ++layer) {
    const int channels = 3 + 4 * static_cast<int>(layer);
    const NodeId norm = push(graph, random_scale_shift(channels, layer), {joined});
    parts.push_back(
        push(graph, random_conv(channels, 4, square_window(3, 1, 1), layer + 7), {push(graph, Relu{}, {norm})}));
    joined = push(graph, Concat{}, parts);
  }
  NetworkOptions options;
  options.targets = {joined, parts[3]};
  expect_like_reference(graph, random_tensor(2, 3, 9, 6, 3), options, 1e-5);
}

// Branches of convolutions write their parts of the whole themselves, whichever back end does them; 21 and 40 channels
// share a mask's words. A second module reads the first one's whole, by a pool and by convolutions.
TEST(MovesTest, ConcatOfBranches) {
  for (const bool relus : {true, false})
    for (const ConvBackend backend : all_backends()) {
      if (backend == ConvBackend::broadcast && !test_device().info().subgroup_shuffle)
        continue;
      // 16 bits decide some ReLUs otherwise.
      const bool halves = backend == ConvBackend::matrix || backend == ConvBackend::half;
      if (halves == relus) // and others are tried with ReLUs alone
        continue;
      SCOPED_TRACE(fmt::format("{}, {}", backend_name(backend), relus ? "ReLUs" : "no ReLUs"));
      Graph graph = graph_with_input();
      NodeId at = 0;
      int channels = 8;
      for (unsigned module = 0; module < 2; ++module) {
        std::vector<NodeId> parts;
        const auto branch = [&](int out_c, int kernel, NodeId from) {
          const auto seed = module * 10 + static_cast<unsigned>(kernel);
          Conv op = random_conv(channels, out_c, square_window(kernel, 1, kernel / 2), seed);
          for (float &weight : op.weights.own()) // the same for a back end that keeps 16 bits of them
            weight = half_to_float(float_to_half(weight));
          const NodeId conv = push(graph, op, {from});
          parts.push_back(relus ? push(graph, Relu{}, {conv}) : conv);
        };
        branch(21, 1, at);
        branch(40, 3, at);
        branch(8, 5, at);
        // Winograd's rounding may decide otherwise which of the first whole's values is a window's maximum.
        const Window around = square_window(3, 1, 1);
        const NodeId pooled = push(graph, module == 0 ? Op(MaxPool{around}) : Op(AvgPool{around}), {at});
        branch(6, 1, pooled);
        at = push(graph, Concat{}, parts, fmt::format("joined {}", module));
        channels = 75;
      }
      NetworkOptions options;
      options.backend = backend;
      options.targets = {at};
      expect_like_reference(graph, random_tensor(3, 8, 9, 12, 5), options, halves ? 1e-3 : 3e-5);
    }
}

// Tiles of 32 channels have words of the mask to themselves in the first two parts, and share them in the last two.
// Of a map of one channel, which a kernel that wants words of the mask to itself would do.
TEST(MovesTest, ConcatOfConvolutionsOfOneChannel) {
  Graph graph = graph_with_input();
  std::vector<NodeId> parts;
  for (const int channels : {1, 3, 32, 1})
    parts.push_back(
        push(graph, Relu{},
             {push(graph, random_conv(1, channels, square_window(3, 1, 1), unsigned(parts.size()) + 1), {0})}));
  NetworkOptions options;
  options.targets = {push(graph, Concat{}, parts)};
  for (const ConvBackend backend : {ConvBackend::automatic, ConvBackend::depthwise}) {
    options.backend = backend;
    expect_like_reference(graph, random_tensor(2, 1, 6, 8, 1), options);
  }
}

TEST(MovesTest, ConcatOfWholeWords) {
  for (const Shape &input : {Shape{8, 6, 8}, {8, 5, 7}}) {
    Graph graph = graph_with_input();
    std::vector<NodeId> parts;
    for (const int channels : {32, 64, 5, 32, 64})
      parts.push_back(
          push(graph, Relu{}, {push(graph, random_conv(8, channels, square_window(1), unsigned(parts.size())), {0})}));
    NetworkOptions options;
    options.targets = {push(graph, Concat{}, parts)};
    expect_like_reference(graph, random_tensor(2, input.c, input.h, input.w, 5), options, 1e-5);
  }
}

TEST(MovesTest, ConcatOfBranchesTakesNoCopies) {
  Graph graph = graph_with_input();
  std::vector<NodeId> parts;
  for (unsigned i = 0; i < 3; ++i)
    parts.push_back(push(graph, Relu{}, {push(graph, random_conv(8, 5, square_window(1), i), {0})}));
  NetworkOptions options;
  options.input = {8, 4, 6};
  options.backward = true;
  options.backend = ConvBackend::direct;
  const auto dispatches = [&](std::vector<NodeId> targets) {
    options.targets = std::move(targets);
    Weights weights(test_device());
    return DeviceNetwork(weights, graph, options).plan().dispatches();
  };
  const int alone = dispatches(parts);
  const NodeId joined = push(graph, Concat{}, parts);
  EXPECT_EQ(dispatches({joined}), alone - 2);           // but for the seeds of two targets
  EXPECT_GT(dispatches({joined, parts[1]}), alone + 2); // asked for, parts[1] has memory of its own: copies
}

TEST(MovesTest, Slices) {
  const Tensor input = random_tensor(2, 37, 6, 9, 1);
  for (const Axis axis : {Axis::c, Axis::h, Axis::w}) {
    check_op(Slice{axis, 1, 5}, input);
    check_op(Slice{axis, -4, -1}, input);
    check_op(Slice{axis, 0, to_end, 3}, input);
    check_op(Slice{axis, -1, to_begin, -1}, input);
    check_op(Slice{axis, 100, 1, -2}, input);
  }
}

TEST(MovesTest, Orders) {
  using enum Axis;
  const Tensor input = random_tensor(3, 36, 4, 6, 1);
  for (const std::array<Axis, 3> &order :
       {std::array{c, w, h}, {h, c, w}, {h, w, c}, {w, c, h}, {w, h, c}, std::array{c, h, w}})
    check_op(Transpose{order}, input);
  for (const int groups : {1, 2, 4, 12, 36})
    check_op(ChannelShuffle{groups}, input);
  for (const int block : {1, 2, 3, 6}) {
    check_op(DepthToSpace{block, true}, input);
    check_op(DepthToSpace{block, false}, input);
  }
  check_op(SpaceToDepth{2}, input);
  check_op(SpaceToDepth{3}, random_tensor(2, 5, 6, 9, 2));
}

TEST(MovesTest, Pads) {
  const Tensor input = random_tensor(2, 5, 6, 7, 1);
  for (const PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::edge, PadMode::wrap}) {
    SCOPED_TRACE(static_cast<int>(mode));
    check_op(Pad{mode, 0.75F, {1, 2, 3, 4}, 0, 0}, input);
    check_op(Pad{mode, -2, {5, 6, 0, 1}, 3, 1}, input);
    check_op(Pad{mode, 1, {-1, 2, 3, -2}, -2, 1}, input);
  }
  check_op(Pad{PadMode::constant, 3, {-6, 0, 2, 0}, 0, 0}, input); // nothing of the input is left
}

Resize resize(ResizeMode mode, ResizeCoordinates coordinates, double scale_h, double scale_w) {
  Resize op;
  op.mode = mode;
  op.coordinates = coordinates;
  op.scale_h = scale_h;
  op.scale_w = scale_w;
  return op;
}

constexpr ResizeCoordinates all_coordinates[] = {ResizeCoordinates::half_pixel, ResizeCoordinates::half_pixel_symmetric,
                                                 ResizeCoordinates::pytorch_half_pixel,
                                                 ResizeCoordinates::align_corners, ResizeCoordinates::asymmetric};

TEST(MovesTest, Resizes) {
  const Tensor input = random_tensor(2, 5, 8, 11, 1);
  for (const ResizeCoordinates coordinates : all_coordinates) {
    SCOPED_TRACE(static_cast<int>(coordinates));
    for (const NearestRounding rounding :
         {NearestRounding::prefer_floor, NearestRounding::prefer_ceil, NearestRounding::floor, NearestRounding::ceil}) {
      SCOPED_TRACE(static_cast<int>(rounding));
      Resize nearest = resize(ResizeMode::nearest, coordinates, 2, 0.5);
      nearest.rounding = rounding;
      check_op(nearest, input);
    }
    for (const ResizeMode mode : {ResizeMode::linear, ResizeMode::cubic}) {
      check_op(resize(mode, coordinates, 2, 1.75), input);
      check_op(resize(mode, coordinates, 0.3, 1), input);
    }
  }
}

TEST(MovesTest, ResizesToASize) {
  const Tensor input = random_tensor(2, 3, 5, 9, 1);
  for (const ResizeCoordinates coordinates : all_coordinates)
    for (const ResizeMode mode : {ResizeMode::nearest, ResizeMode::linear, ResizeMode::cubic}) {
      Resize op = resize(mode, coordinates, 1, 1);
      op.out_h = 15;
      op.out_w = 1;
      check_op(op, input);
      op.exclude_outside = true;
      op.cubic_a = -0.5F;
      op.out_w = 7;
      check_op(op, input);
    }
}

} // namespace
} // namespace convscope
