#include "graph/shapes.h"

#include <limits>

#include <gtest/gtest.h>

#include "importer/architecture.h"
#include "importers/expect_error.h"

namespace convscope {
namespace {

Shape shape_of(const Graph &graph, const char *layer, int h, int w) {
  const NodeId id = find_layer(graph, layer);
  return infer_shapes(graph, {3, h, w}, id)[id];
}

TEST(Shapes, FollowTheInput) {
  const Graph vgg = make_vgg16(0).graph, alexnet = make_alexnet().graph, resnet = make_resnet50v2(0).graph;
  EXPECT_EQ(shape_of(vgg, "block5_pool", 224, 224), (Shape{512, 7, 7}));
  EXPECT_EQ(shape_of(vgg, "block3_conv2", 200, 320), (Shape{256, 50, 80}));
  EXPECT_EQ(shape_of(vgg, "block1_pool", 33, 35), (Shape{64, 16, 17}));
  EXPECT_EQ(shape_of(alexnet, "conv1", 224, 224), (Shape{64, 55, 55}));
  EXPECT_EQ(shape_of(alexnet, "pool5", 224, 224), (Shape{256, 6, 6}));
  EXPECT_EQ(shape_of(alexnet, "pool5", 128, 100), (Shape{256, 3, 2}));
  EXPECT_EQ(shape_of(resnet, "conv2_block3_out", 224, 224), (Shape{256, 28, 28}));
  EXPECT_EQ(shape_of(resnet, "post_relu", 128, 96), (Shape{2048, 4, 3}));
}

TEST(Shapes, SamePaddingIsTensorFlows) {
  Window window;
  window.same = true;
  window.kernel_h = window.kernel_w = 3;
  window.stride_h = window.stride_w = 2;
  const Window resolved = resolve_padding(window, 8, 9);
  EXPECT_EQ(resolved.pad, (Padding{0, 1, 1, 1})); // height 8: one pixel, at the bottom; width 9: one at each side
  EXPECT_EQ(window_output(8, 3, 2, 1, 0, 1), 4);
  EXPECT_EQ(window_output(9, 3, 2, 1, 1, 1), 5);
  window.kernel_h = window.kernel_w = 1;
  EXPECT_EQ(resolve_padding(window, 7, 8).pad, Padding{});
}

// Of one op behind an input of 12x7x9 (c, h, w), or of several inputs of it.
Shape shape_of(Op op, int inputs = 1) {
  Graph graph;
  graph.name = "toy";
  graph.nodes = {{"input", "", Input{}, {}, true, 0},
                 {"op", "", std::move(op), std::vector<NodeId>(static_cast<std::size_t>(inputs), 0), true, 0}};
  return infer_shapes(graph, {12, 7, 9})[1];
}

TEST(Shapes, SameLowerHasTheOddPixelFirst) {
  Window window{3, 4, 2, 3, 1, 1, {9, 9, 9, 9}, true, true};
  EXPECT_EQ(resolve_padding(window, 8, 9).pad, (Padding{1, 1, 0, 0}));
  EXPECT_EQ(shape_of(MaxPool{window}), (Shape{12, 4, 3}));
}

// torch's rule: a window more, but none that begins behind the input and the padding before it.
TEST(Shapes, CeilTakesAWindowMore) {
  EXPECT_EQ(window_output(8, 3, 2, 1, 0, 0, true), 4);
  EXPECT_EQ(window_output(7, 3, 2, 1, 0, 0, true), 3);
  EXPECT_EQ(window_output(5, 1, 3, 1, 0, 0, true), 2);
  EXPECT_EQ(window_output(5, 2, 2, 1, 0, 1, true), 3);
  EXPECT_EQ(window_output(5, 2, 3, 1, 0, 3, true), 2); // a third would begin at 6
  EXPECT_EQ(window_output(2, 3, 2, 1, 0, 0, true), 1); // the first itself ends outside
  EXPECT_EQ(window_output(2, 4, 2, 1, 0, 0, true), 0);
  EXPECT_EQ(window_output(112, 3, 2, 1, 0, 0, true), 56); // SqueezeNet's, GoogLeNet's
}

TEST(Shapes, TransposedConvolutions) {
  ConvTranspose op;
  op.out_channels = 5;
  op.window = {3, 2, 2, 3, 1, 2, {1, 0, 1, 2}};
  EXPECT_EQ(shape_of(op), (Shape{5, 6 * 2 + 3 - 2, 8 * 3 + 3 - 2}));
  op.output_pad_h = 1;
  EXPECT_EQ(shape_of(op).h, 14);
  op.window.same = true;
  EXPECT_EQ(shape_of(op), (Shape{5, 14, 27}));
  op.output_pad_h = 0;
  EXPECT_EQ(shape_of(op), (Shape{5, 14, 27}));
  EXPECT_EQ(resolve_transposed_padding(op).pad, (Padding{0, 0, 1, 0}));
  op.window.same_lower = true;
  EXPECT_EQ(resolve_transposed_padding(op).pad, (Padding{1, 0, 0, 0}));
  op.window = {1, 1, 4, 3, 1, 1, {}, true}; // gaps, which are at the end as in TensorFlow
  EXPECT_EQ(resolve_transposed_padding(op).pad, (Padding{0, 0, -3, -2}));
  EXPECT_EQ(shape_of(op), (Shape{5, 28, 27}));
  op.groups = 5;
  expect_error([&] { shape_of(op); }, "op of toy does not take a map of 12 channels");
}

TEST(Shapes, JoinedAndTakenApart) {
  EXPECT_EQ(shape_of(Concat{Axis::c}, 3), (Shape{36, 7, 9}));
  EXPECT_EQ(shape_of(Concat{Axis::w}, 2), (Shape{12, 7, 18}));
  EXPECT_EQ(shape_of(Slice{Axis::c, 2, -3}), (Shape{7, 7, 9}));
  EXPECT_EQ(shape_of(Slice{Axis::h, -100, 100, 3}), (Shape{12, 3, 9}));
  EXPECT_EQ(shape_of(Slice{Axis::w, -1, std::numeric_limits<int>::min(), -2}), (Shape{12, 7, 5}));
  EXPECT_EQ(shape_of(Slice{Axis::w, 7, 2, -4}), (Shape{12, 7, 2}));
  expect_error([] { shape_of(Slice{Axis::w, 3, 3}); }, "op of toy takes nothing of a map of 12x7x9");
  expect_error([] { shape_of(Slice{Axis::w, 9, 20}); }, "takes nothing");
  Graph graph;
  graph.name = "toy";
  graph.nodes = {{"input", "", Input{}, {}, true, 0},
                 {"part", "", Slice{Axis::h, 0, 4}, {0}, true, 0},
                 {"joined", "", Concat{Axis::c}, {0, 1}, true, 0}};
  expect_error([&] { infer_shapes(graph, {3, 8, 8}); }, "joined of toy can't join maps of 3x8x8 and 3x4x8");
}

TEST(Shapes, Rearranged) {
  EXPECT_EQ(shape_of(Transpose{{Axis::w, Axis::c, Axis::h}}), (Shape{9, 12, 7}));
  EXPECT_EQ(shape_of(DepthToSpace{2, true}), (Shape{3, 14, 18}));
  expect_error([] { shape_of(DepthToSpace{5, true}); }, "can't divide 12 channels into 5x5 pixels");
  EXPECT_EQ(shape_of(SpaceToDepth{1}), (Shape{12, 7, 9}));
  expect_error([] { shape_of(SpaceToDepth{3}); }, "can't divide a map of 9x7 into blocks of 3x3");
  EXPECT_EQ(shape_of(ChannelShuffle{4}), (Shape{12, 7, 9}));
  expect_error([] { shape_of(ChannelShuffle{5}); }, "can't divide 12 channels into 5 groups");
  EXPECT_EQ(shape_of(Flatten{}), (Shape{756, 1, 1}));
  EXPECT_EQ(shape_of(Reshape{{21, -1, 4}}), (Shape{21, 9, 4}));
  EXPECT_EQ(shape_of(Reshape{{-1, 1, 1}}), (Shape{756, 1, 1}));
  EXPECT_EQ(shape_of(Reshape{{36, 7, 3}}), (Shape{36, 7, 3}));
  expect_error([] { shape_of(Reshape{{36, 7, 2}}); }, "can't make 36x7x2 of 12x7x9");
  expect_error([] { shape_of(Reshape{{-1, 5, 1}}); }, "can't make -1x5x1 of 12x7x9");
  expect_error([] { shape_of(Reshape{{756, 0, 1}}); }, "can't make 756x0x1 of 12x7x9");
}

TEST(Shapes, Padded) {
  EXPECT_EQ(shape_of(Pad{PadMode::constant, 0, {1, -2, 3, 4}, -5, 1}), (Shape{8, 11, 11}));
  EXPECT_EQ(shape_of(Pad{PadMode::reflect, 0, {6, 8, 0, 0}, 0, 11}), (Shape{23, 13, 17}));
  EXPECT_EQ(shape_of(Pad{PadMode::wrap, 0, {7, 9, 0, 0}, 0, 0}), (Shape{12, 14, 18}));
  EXPECT_EQ(shape_of(Pad{PadMode::edge, 0, {70, 9, 0, 0}, 0, 0}), (Shape{12, 77, 18}));
  expect_error([] { shape_of(Pad{PadMode::reflect, 0, {7, 0, 0, 0}, 0, 0}); }, "pads a map of 9x7 by more than it");
  expect_error([] { shape_of(Pad{PadMode::wrap, 0, {0, 0, 0, 10}, 0, 0}); }, "pads a map of 9x7 by more than it");
  expect_error([] { shape_of(Pad{PadMode::reflect, 0, {}, 12, 0}); }, "pads a map of 12 channels by more than it");
  expect_error([] { shape_of(Pad{PadMode::constant, 0, {-4, 0, -3, 0}, 0, 0}); }, "needs a larger input");
}

TEST(Shapes, Resized) {
  Resize op;
  op.scale_h = 2;
  op.scale_w = 0.6;
  EXPECT_EQ(shape_of(op), (Shape{12, 14, 5}));
  op.out_h = 3;
  EXPECT_EQ(shape_of(op), (Shape{12, 3, 5}));
  op.scale_w = 0.1;
  expect_error([&] { shape_of(op); }, "needs a larger input");
}

TEST(Shapes, WindowsThatDoNotFitGiveNothing) {
  EXPECT_EQ(window_output(5, 11, 4, 1, 2, 2), 0);
  EXPECT_EQ(window_output(1, 2, 2, 1, 0, 0), 0);
  EXPECT_EQ(window_output(7, 7, 1, 1, 0, 0), 1);
  EXPECT_EQ(window_output(6, 3, 1, 3, 0, 0), 0);
}

TEST(Shapes, ErrorsNameTheLayer) {
  Graph vgg = make_vgg16(1000).graph;
  expect_error(
      [&] {
        infer_shapes(vgg, {3, 16, 16});
      },
      "block5_pool of vgg16 needs a larger input: 16x16 becomes 0x0 there");
  expect_error([&] { infer_shapes(vgg, {3, 0, 16}); }, "at least 1x1");
  expect_error([&] { infer_shapes(vgg, {3, 2000000000, 16}); }, "can't take an input of 16x2000000000");

  // A small head of the same kind, since a Dense layer's size is known by its weights.
  Graph toy;
  toy.name = "toy";
  toy.input = {3, 14, 14};
  MaxPool pool;
  pool.window.kernel_h = pool.window.kernel_w = pool.window.stride_h = pool.window.stride_w = 2;
  Dense dense;
  dense.out_features = 2;
  dense.weights = std::vector<float>(2 * 3 * 7 * 7);
  toy.nodes = {{"input", "InputLayer", Input{}, {}, true, 0},
               {"pool", "MaxPooling2D", pool, {0}, true, 0},
               {"flatten", "Flatten", Flatten{}, {1}, true, 0},
               {"fc1/linear", "Dense", dense, {2}, false, 0},
               {"fc1", "Dense", Relu{}, {3}, true, 0}};
  EXPECT_EQ(infer_shapes(toy, {3, 14, 15})[4], (Shape{2, 1, 1}));
  expect_error(
      [&] {
        infer_shapes(toy, {3, 12, 21});
      },
      "fc1 of toy needs a 7x7 map (input 14x14), but an input of 21x12 gives 10x6");
  EXPECT_EQ(infer_shapes(toy, {3, 12, 21}, 1)[1], (Shape{3, 6, 10})); // below the head any size does
  EXPECT_EQ(infer_shapes(toy, {3, 12, 21}, 1)[4], Shape{});
}

TEST(Shapes, AddNeedsEqualShapes) {
  Graph graph;
  graph.name = "toy";
  MaxPool pool;
  pool.window.stride_h = pool.window.stride_w = 2;
  graph.nodes = {{"input", "InputLayer", Input{}, {}, true, 0},
                 {"pool", "MaxPooling2D", pool, {0}, true, 0},
                 {"sum", "Add", Add{}, {0, 1}, true, 0}};
  expect_error([&] { infer_shapes(graph, {3, 8, 8}); }, "sum of toy can't add maps of 3x8x8 and 3x4x4");
}

TEST(Shapes, ConvolutionsCheckTheirChannels) {
  Graph graph = make_vgg16(0).graph;
  std::get<Conv>(graph.nodes[1].op).weights = std::vector<float>(64 * 3 * 9);
  EXPECT_NO_THROW(infer_shapes(graph, {3, 64, 64}));
  expect_error([&] { infer_shapes(graph, {1, 64, 64}); }, "block1_conv1 of vgg16 does not take a map of 1 channels");
}

TEST(Shapes, LayersAreFoundByName) {
  const Graph graph = make_vgg16(0).graph;
  EXPECT_EQ(graph.nodes[find_layer(graph, "block3_conv2")].name, "block3_conv2");
  expect_error([&] { find_layer(graph, "block3_conv9"); },
               "no layer 'block3_conv9' in vgg16 (did you mean 'block3_conv");
  EXPECT_EQ(find_layer(graph, "block1_conv1/linear") + 1, find_layer(graph, "block1_conv1")); // before its ReLU
  expect_error([&] { find_layer(graph, "qqqqqqqq"); }, "convscope layers --model vgg16");
}

TEST(Shapes, AncestorsAndFlops) {
  const Graph graph = make_resnet50v2(0).graph;
  const NodeId out = find_layer(graph, "conv2_block1_out");
  const std::vector<NodeId> nodes = ancestors(graph, {out});
  EXPECT_EQ(nodes.front(), 0);
  EXPECT_EQ(nodes.back(), out);
  EXPECT_EQ(static_cast<NodeId>(nodes.size()), out + 1); // all that comes before, in this net

  const Graph vgg = make_vgg16(0).graph;
  const std::vector<NodeId> all = ancestors(vgg, {static_cast<NodeId>(vgg.nodes.size()) - 1});
  const double flops = forward_flops(vgg, infer_shapes(vgg, {3, 128, 128}), all);
  EXPECT_NEAR(2 * flops / 1e9, 20.1, 0.1); // forward and input gradient
}

} // namespace
} // namespace convscope
