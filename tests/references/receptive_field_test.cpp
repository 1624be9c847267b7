// Against the reference: which rows and columns of the input change an output when they change.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "graph/receptive_field.h"
#include "graph/shapes.h"
#include "reference/network.h"

namespace convscope::reference {
namespace {

NodeId push(Graph &graph, Op op, std::vector<NodeId> inputs) {
  graph.nodes.push_back({"node" + std::to_string(graph.nodes.size()), "", std::move(op), std::move(inputs)});
  return NodeId(graph.nodes.size()) - 1;
}

Graph with_input() {
  Graph graph;
  graph.name = "test";
  push(graph, Input{}, {});
  return graph;
}

Conv conv_op(int in_c, int out_c, const Window &window, unsigned seed, int groups = 1) {
  const std::size_t weights = std::size_t(out_c) * std::size_t(in_c / groups * window.kernel_h * window.kernel_w);
  return {out_c, groups, window, random_floats(weights, seed, -1, 1), {}};
}

// One of the rows or columns is made of other numbers, far larger and smaller ones: what a maximum hides in one draw it
// does not in another.
Tensor with_line_changed(const Tensor &input, bool row, int at, unsigned seed) {
  Tensor changed = input;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> draw(-40, 40);
  for (int c = 0; c < input.c; ++c)
    for (int i = 0; i < (row ? input.w : input.h); ++i)
      changed.at(0, c, row ? at : i, row ? i : at) = draw(random);
  return changed;
}

// The box of what changes each output of the layer. No draw tells all: they go on until they have shown what is
// expected, if they ever do.
std::vector<InputBox> measured(const Graph &graph, const Shape &shape, NodeId layer,
                               const std::vector<InputBox> &expected) {
  constexpr unsigned fewest = 3, most = 60;
  const Tensor input = random_tensor(1, shape.c, shape.h, shape.w, 5);
  const Tensor usual = forward(graph, input, layer).at(std::size_t(layer));
  std::vector<InputBox> boxes(usual.data.size(), {shape.w, shape.h, 0, 0}), found;
  for (unsigned draw = 0; draw < fewest || (found != expected && draw < most); ++draw) {
    for (const bool row : {true, false})
      for (int at = 0; at < (row ? shape.h : shape.w); ++at) {
        const Tensor changed = with_line_changed(input, row, at, 100 * unsigned(at) + draw);
        const Tensor now = forward(graph, changed, layer).at(std::size_t(layer));
        for (std::size_t i = 0; i < boxes.size(); ++i) {
          if (now.data[i] == usual.data[i])
            continue;
          int &first = row ? boxes[i].top : boxes[i].left, &end = row ? boxes[i].bottom : boxes[i].right;
          first = std::min(first, at);
          end = std::max(end, at + 1);
        }
      }
    found = boxes;
    for (InputBox &box : found)
      if (box.empty())
        box = {};
  }
  return found;
}

std::string text(const InputBox &box) {
  return "(" + std::to_string(box.left) + "," + std::to_string(box.top) + ")-(" + std::to_string(box.right) + "," +
         std::to_string(box.bottom) + ")";
}

void expect_fields(const Graph &graph, const Shape &shape, const std::string &what) {
  const auto layer = NodeId(graph.nodes.size()) - 1;
  const std::vector<Shape> shapes = infer_shapes(graph, shape, layer);
  const Shape out = shapes.back();
  std::vector<InputBox> expected;
  for (int c = 0; c < out.c; ++c)
    for (int y = 0; y < out.h; ++y)
      for (int x = 0; x < out.w; ++x)
        expected.push_back(receptive_field(graph, shapes, layer, c, x, y));
  const std::vector<InputBox> boxes = measured(graph, shape, layer, expected);
  InputBox of_any;
  for (int c = 0; c < out.c; ++c)
    for (int y = 0; y < out.h; ++y)
      for (int x = 0; x < out.w; ++x) {
        const auto i = std::size_t((c * out.h + y) * out.w + x);
        ASSERT_EQ(text(expected[i]), text(boxes[i])) << what << ": channel " << c << " at " << x << "," << y;
      }
  const InputBox any = receptive_field(graph, shapes, layer, -1, 0, 0);
  for (int c = 0; c < out.c; ++c) {
    const InputBox &one = boxes[std::size_t(c * out.h * out.w)];
    of_any = c == 0 || of_any.empty() ? one
             : one.empty()            ? of_any
                                      : InputBox{std::min(of_any.left, one.left), std::min(of_any.top, one.top),
                                      std::max(of_any.right, one.right), std::max(of_any.bottom, one.bottom)};
  }
  EXPECT_EQ(text(any), text(of_any)) << what;
}

TEST(ReceptiveField, OfEachOp) {
  const Shape shape{4, 12, 10};
  const std::vector<std::pair<const char *, Op>> ops = {
      {"convolution", conv_op(4, 3, {3, 5, 1, 1, 1, 1, {1, 2, 1, 2}}, 1)},
      {"strided", conv_op(4, 3, {3, 3, 2, 3, 1, 1, {0, 1, 2, 0}}, 2)},
      {"dilated", conv_op(4, 2, {3, 2, 1, 1, 3, 2, {2, 0, 1, 1}}, 3)},
      {"gaps between windows", conv_op(4, 2, {1, 2, 3, 4, 1, 1, {}}, 4)},
      {"same", conv_op(4, 2, {4, 3, 2, 2, 1, 1, {}, true}, 5)},
      {"same lower", conv_op(4, 2, {4, 4, 3, 2, 1, 1, {}, true, true}, 6)},
      {"padding alone", conv_op(4, 2, {1, 1, 1, 1, 1, 1, {1, 2, 0, 1}}, 7)},
      {"depthwise", conv_op(4, 4, {3, 3, 1, 1, 1, 1, {1, 1, 1, 1}}, 8, 4)},
      {"groups", conv_op(4, 6, {3, 3, 2, 1, 1, 1, {1, 1, 1, 1}}, 9, 2)},
      {"transposed", ConvTranspose{3, 1, {3, 3, 2, 2, 1, 1, {1, 0, 0, 1}}, 0, 1, random_floats(4 * 3 * 9, 10), {}}},
      {"transposed, dilated",
       ConvTranspose{2, 2, {3, 2, 3, 2, 2, 3, {1, 1, 0, 0}}, 0, 0, random_floats(4 * 1 * 6, 11), {}}},
      {"transposed, gaps", ConvTranspose{2, 1, {1, 2, 3, 3, 1, 1, {}}, 1, 0, random_floats(4 * 2 * 2, 12), {}}},
      {"transposed, same", ConvTranspose{2, 1, {4, 3, 2, 2, 1, 1, {}, true}, 0, 0, random_floats(4 * 2 * 12, 13), {}}},
      {"dense", Dense{3, random_floats(3 * 480, 14), {}}},
      {"maximum", MaxPool{{3, 2, 2, 1, 1, 1, {1, 0, 0, 1}}}},
      {"maximum, ceil", MaxPool{{3, 3, 2, 2, 1, 1, {}, false, false, true}}},
      {"mean", AvgPool{{2, 3, 2, 2, 1, 1, {1, 1, 0, 0}}, true}},
      {"global mean", GlobalAvgPool{}},
      {"global maximum", GlobalMaxPool{}},
      {"mean of channels", Reduce{Reduction::mean, {true, false, false}}},
      {"sum of rows", Reduce{Reduction::sum, {false, true, false}}},
      {"softmax over channels", Softmax{Axis::c}},
      {"layer normalization", Normalize{{true, false, false}, 1, 1e-5}},
      {"instance normalization", Normalize{{false, true, true}, 1, 1e-5}},
      {"group normalization", Normalize{{true, true, true}, 2, 1e-5}},
      {"LRN", Lrn{2, 0.1F, 0.75F, 1}},
      {"LRN of 3", Lrn{3, 0.1F, 0.75F, 1}},
      {"zeros", ZeroPad{{1, 2, -3, 1}}},
      {"reflected", Pad{PadMode::reflect, 0, {2, 1, 3, -1}, 0, 1}},
      {"edge", Pad{PadMode::edge, 0, {2, 1, 0, 2}, 0, 0}},
      {"wrapped", Pad{PadMode::wrap, 0, {0, 2, 2, 2}, 1, 0}},
      {"slice of rows", Slice{Axis::h, 1, 9, 3}},
      {"slice backwards", Slice{Axis::w, -1, -11, -2}},
      {"slice of channels", Slice{Axis::c, 1, 3}},
      {"nearest",
       Resize{ResizeMode::nearest, ResizeCoordinates::asymmetric, NearestRounding::floor, -0.75F, false, 2, 1.5}},
      {"linear", Resize{ResizeMode::linear, ResizeCoordinates::half_pixel, {}, -0.75F, false, 1.7, 0.6}},
      {"aligned", Resize{ResizeMode::linear, ResizeCoordinates::align_corners, {}, -0.75F, false, 1, 1, 23, 5}},
      {"cubic", Resize{ResizeMode::cubic, ResizeCoordinates::half_pixel, {}, -0.75F, false, 2, 0.5}},
      {"depth to space", DepthToSpace{2, true}},
      {"depth to space, CRD", DepthToSpace{2, false}},
      {"space to depth", SpaceToDepth{2}},
      {"shuffle", ChannelShuffle{2}},
      {"transpose", Transpose{{Axis::w, Axis::c, Axis::h}}},
      {"flatten", Flatten{}},
      {"reshape", Reshape{{8, 5, 12}}},
      {"leaky", Unary{Function::leaky_relu, 0.1F}},
      {"scale", ScaleShift{{1, 2, 3, 4}, {0, 0, 0, 1}}},
  };
  for (const auto &[what, op] : ops) {
    Graph graph = with_input();
    push(graph, op, {0});
    expect_fields(graph, shape, what);
  }
}

TEST(ReceptiveField, OfBranchesThatMeet) {
  Graph graph = with_input();
  const NodeId one = push(graph, conv_op(3, 2, {1, 1, 1, 1, 1, 1, {}}, 1), {0});
  const NodeId five = push(graph, conv_op(3, 2, {5, 5, 1, 1, 1, 1, {2, 2, 2, 2}}, 2), {0});
  const NodeId pooled = push(graph, MaxPool{{3, 3, 1, 1, 1, 1, {1, 1, 1, 1}}}, {0});
  const NodeId joined = push(graph, Concat{Axis::c}, {one, five, pooled});
  expect_fields(graph, {3, 9, 11}, "channels of an inception block");
  push(graph, Concat{Axis::w}, {joined, joined});
  expect_fields(graph, {3, 9, 11}, "side by side");

  Graph gated = with_input();
  const NodeId features = push(gated, conv_op(2, 4, {3, 3, 2, 2, 1, 1, {1, 1, 1, 1}}, 3), {0});
  const NodeId residual = push(gated, conv_op(4, 4, {3, 3, 1, 1, 2, 2, {2, 2, 2, 2}}, 4), {features});
  const NodeId sum = push(gated, Add{}, {features, residual});
  expect_fields(gated, {2, 11, 8}, "residual");
  const NodeId row = push(gated, Reduce{Reduction::mean, {false, false, true}}, {features});
  push(gated, Binary{Arithmetic::multiply}, {sum, row}); // repeated along w
  expect_fields(gated, {2, 11, 8}, "gate");
}

// Ops in a row, as the dice have it.
TEST(ReceptiveField, OfRandomNets) {
  for (unsigned seed = 0; seed < 24; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % unsigned(n)); };
    const Shape shape{2, 13 + below(6), 12 + below(7)};
    Graph graph = with_input();
    std::vector<NodeId> ends{0};
    int channels = 2;
    for (int depth = 0; depth < 4; ++depth) {
      const NodeId last = ends.back();
      const int kernel = 1 + below(3), dilation = 1 + below(2), stride = 1 + below(2), pad = below(kernel);
      const Window window{kernel, kernel, stride, 1, dilation, 1, {pad, 0, below(2), pad}};
      switch (below(6)) {
      case 0:
        ends.push_back(push(graph, MaxPool{{2, 3, 1, 2, 1, 1, {0, 1, 1, 0}}}, {last}));
        break;
      case 1:
        ends.push_back(push(graph, AvgPool{{3, 2, 1, 1, 1, 1, {1, 1, 1, 0}}, false}, {last}));
        break;
      case 2: {
        const NodeId other = push(graph, conv_op(channels, 2, {3, 3, 1, 1, 1, 1, {1, 1, 1, 1}}, seed + 50), {last});
        ends.push_back(push(graph, Concat{Axis::c}, {last, other}));
        channels += 2;
        break;
      }
      case 3:
        ends.push_back(push(graph, Resize{ResizeMode::linear, {}, {}, -0.75F, false, 1.5, 2}, {last}));
        break;
      default:
        ends.push_back(push(graph, conv_op(channels, 3, window, seed * 7 + unsigned(depth)), {last}));
        channels = 3;
      }
    }
    expect_fields(graph, shape, "net " + std::to_string(seed));
  }
}

} // namespace
} // namespace convscope::reference
