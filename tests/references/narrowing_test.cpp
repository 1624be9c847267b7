// Nets without channels that nobody asks for compute the others as they did.
#include <algorithm>

#include <gtest/gtest.h>

#include "graph/narrowing.h"
#include "graph/shapes.h"
#include "kernels/graphs.h"
#include "reference/network.h"

namespace convscope {
namespace {

constexpr Shape input{3, 9, 8};

// The layer's values in double, of the whole net and of the narrowed one.
class Narrowed {
public:
  Narrowed(const Graph &whole, NodeId layer, Channels wanted, std::vector<NodeId> others = {}) : graph(whole) {
    std::vector<NodeId> targets = std::move(others);
    targets.push_back(layer);
    left = narrow(graph, targets, layer, wanted, infer_shapes(whole, input, layer));
    const auto x = reference::random_tensor(2, input.c, input.h, input.w, 1);
    const reference::Tensor all = reference::forward(whole, x, layer)[std::size_t(layer)];
    const reference::Tensor some = reference::forward(graph, x, layer)[std::size_t(layer)];
    EXPECT_LE(left.first, wanted.first);
    EXPECT_GE(left.end(), wanted.end());
    EXPECT_EQ(some.c, left.count);
    const auto image = std::ptrdiff_t(all.h) * all.w;
    for (int n = 0; n < all.n; ++n)
      EXPECT_TRUE(std::equal(some.data.begin() + n * some.c * image, some.data.begin() + (n + 1) * some.c * image,
                             all.data.begin() + (n * all.c + left.first) * image));
  }
  void expect(Channels channels) const { EXPECT_EQ(left, channels) << left.first << '+' << left.count; }
  const Node &node(NodeId id) const { return graph.nodes[std::size_t(id)]; }

  Graph graph;
  Channels left;
};

NodeId wide(Graph &graph, NodeId from, int in_c, int out_c, unsigned seed, int kernel = 3) {
  return push(graph, random_conv(in_c, out_c, square_window(kernel, 1, kernel / 2), seed), {from});
}

TEST(NarrowingTest, AConvolutionKeepsTheBlockAroundTheChannels) {
  Graph graph = graph_with_input();
  const NodeId conv = wide(graph, 0, 3, 100, 1);
  Narrowed(graph, conv, {7, 1}).expect({0, 32});
  Narrowed(graph, conv, {40, 1}).expect({32, 32});
  Narrowed(graph, conv, {99, 1}).expect({68, 32});
  Narrowed(graph, conv, {68, 1}).expect({64, 32});
  Narrowed(graph, conv, {40, 30}).expect({0, 100}); // no block has 63 and 64
  const Narrowed some(graph, conv, {40, 1});
  EXPECT_EQ(some.node(conv).channels_of_net, 100);
  EXPECT_NE(some.node(conv).variant, graph.nodes[std::size_t(conv)].variant);
  const Narrowed few(graph, conv, {0, 100});
  EXPECT_EQ(few.node(conv).variant, graph.nodes[std::size_t(conv)].variant);
  EXPECT_EQ(few.node(conv).channels_of_net, 0);
}

TEST(NarrowingTest, WhatTreatsEachChannelByItselfPassesItOn) {
  Graph graph = graph_with_input();
  const NodeId conv = wide(graph, 0, 3, 80, 1);
  const NodeId norm = push(graph, random_scale_shift(80, 3), {conv});
  const NodeId prelu = push(graph, PRelu{reference::random_floats(80, 5, 0, 0.5)}, {norm});
  const NodeId pad = push(graph, ZeroPad{{1, 0, 2, 1}}, {prelu});
  const NodeId depthwise = push(graph, random_conv(80, 80, square_window(3, 2, 1), 6, 80), {pad});
  const NodeId relu = push(graph, Relu{}, {depthwise});
  const NodeId pool = push(graph, MaxPool{square_window(2)}, {relu});
  const NodeId mean = push(graph, AvgPool{square_window(2)}, {pool});
  const NodeId swish = push(graph, Unary{Function::silu}, {mean});
  const NodeId last = push(graph, Identity{}, {swish});
  for (NodeId layer = conv; layer <= last; ++layer) {
    SCOPED_TRACE(layer);
    Narrowed(graph, layer, {70, 2}).expect({48, 32});
  }
}

// A classifier that ends in a convolution: its mean over the map, as a vector.
TEST(NarrowingTest, AMeanOverTheMapAndViewsOfAVectorPassItOn) {
  Graph graph = graph_with_input();
  const NodeId conv = wide(graph, 0, 3, 80, 1);
  const NodeId mean = push(graph, GlobalAvgPool{}, {conv});
  const NodeId flat = push(graph, Flatten{}, {mean});
  const NodeId reshape = push(graph, Reshape{{80, 1, 1}}, {flat});
  for (const NodeId layer : {mean, flat, reshape})
    Narrowed(graph, layer, {70, 2}).expect({48, 32});
  Narrowed(graph, push(graph, GlobalMaxPool{}, {conv}), {70, 2}).expect({48, 32});
  Narrowed(graph, push(graph, Reduce{Reduction::l2, {false, true, false}}, {conv}), {70, 2}).expect({48, 32});
  Narrowed(graph, push(graph, Reduce{Reduction::l2, {true, true, false}}, {conv}), {0, 1}).expect({0, 1});
  Narrowed(graph, push(graph, Reshape{{40, 9, 16}}, {conv}), {0, 1}).expect({0, 40});
  Narrowed(graph, push(graph, Flatten{}, {conv}), {70, 2}).expect({0, 80 * 72});
}

TEST(NarrowingTest, OfAConcatOneInputStays) {
  Graph graph = graph_with_input();
  const NodeId stem = wide(graph, 0, 3, 16, 1);
  const NodeId small = wide(graph, stem, 16, 24, 3, 1), large = wide(graph, stem, 16, 72, 5);
  const NodeId concat = push(graph, Concat{}, {small, large, stem});
  const NodeId relu = push(graph, Relu{}, {concat});
  const Narrowed in_large(graph, relu, {24 + 33, 1});
  in_large.expect({24 + 32, 32});
  EXPECT_EQ(ancestors(in_large.graph, {relu}), (std::vector<NodeId>{0, stem, large, concat, relu}));
  Narrowed(graph, relu, {3, 2}).expect({0, 24});    // too few for a block
  Narrowed(graph, relu, {97, 1}).expect({96, 16});  // others need the stem, in vain
  Narrowed(graph, relu, {20, 10}).expect({0, 112}); // of two
  Graph rows = graph_with_input();
  const NodeId above = wide(rows, 0, 3, 64, 1), below = wide(rows, 0, 3, 64, 3);
  Narrowed(rows, push(rows, Concat{Axis::h}, {above, below}), {3, 1}).expect({0, 64});
}

// What is left is fused as it was: a batch-norm that had two readers is no part of the convolution before it now, and
// zeros that two convolutions had are a step still.
TEST(NarrowingTest, WhatWouldBeFusedOtherwiseStays) {
  for (const bool zeros : {false, true}) {
    Graph graph = graph_with_input();
    const NodeId stem = wide(graph, 0, 3, 16, 1);
    const NodeId before = zeros ? push(graph, ZeroPad{{1, 1, 1, 1}}, {stem}) : stem;
    const NodeId norm = zeros ? before : push(graph, random_scale_shift(16, 3), {before});
    const NodeId a = push(graph, random_conv(16, 64, square_window(3), 4), {norm});
    const NodeId b = push(graph, random_conv(16, 64, square_window(3), 6), {before});
    Narrowed(graph, push(graph, Concat{}, {a, b}), {3, 1}).expect({0, 128});
    Narrowed(graph, a, {3, 1}).expect({0, 32});
  }
}

// A gradient's sums over several taps go by fours of products, and may be cut within many taps.
TEST(NarrowingTest, ConvolutionsWhoseSumsWouldChangeStayWhole) {
  Graph graph = graph_with_input();
  Narrowed(graph, wide(graph, 0, 3, 90, 1), {3, 1}).expect({0, 90});
  Narrowed(graph, wide(graph, 0, 3, 90, 1, 1), {3, 1}).expect({0, 32});
  Narrowed(graph, wide(graph, 0, 3, 96, 1, 5), {3, 1}).expect({0, 96});
}

TEST(NarrowingTest, OfAnInputThatIsJoinedTwiceOneStays) {
  Graph graph = graph_with_input();
  const NodeId conv = wide(graph, 0, 3, 64, 1);
  Narrowed(graph, push(graph, Concat{}, {conv, conv}), {70, 1}).expect({64, 32});
}

TEST(NarrowingTest, WhatOthersReadStaysWhole) {
  Graph graph = graph_with_input();
  const NodeId conv = wide(graph, 0, 3, 64, 1);
  const NodeId relu = push(graph, Relu{}, {conv});
  const NodeId next = wide(graph, relu, 64, 64, 3);
  const NodeId sum = push(graph, Add{}, {relu, next});
  Narrowed(graph, relu, {0, 1}).expect({0, 32});
  Narrowed(graph, relu, {0, 1}, {conv}).expect({0, 64});
  Narrowed(graph, relu, {0, 1}, {next}).expect({0, 64});
  Narrowed(graph, sum, {0, 1}).expect({0, 64});
  Narrowed(graph, next, {0, 1}, {relu}).expect({0, 32});
  Narrowed(graph, next, {0, 1}).expect({0, 32});
}

TEST(NarrowingTest, ClassesOfADenseLayer) {
  Graph graph = graph_with_input();
  const NodeId flat = push(graph, Flatten{}, {0});
  const NodeId dense = push(graph, random_dense(3 * 9 * 8, 70, 1), {flat});
  const NodeId relu = push(graph, Relu{}, {dense});
  Narrowed(graph, relu, {69, 1}).expect({38, 32});
  Narrowed(graph, push(graph, Softmax{}, {dense}), {69, 1}).expect({0, 70});
}

TEST(NarrowingTest, GroupedConvolutionsStayWhole) {
  Graph graph = graph_with_input();
  const NodeId stem = wide(graph, 0, 3, 64, 1);
  const NodeId grouped = push(graph, random_conv(64, 64, square_window(3, 1, 1), 3, 4), {stem});
  const NodeId multiplied = push(graph, random_conv(64, 128, square_window(3, 1, 1), 5, 64), {stem});
  Narrowed(graph, grouped, {3, 1}).expect({0, 64});
  Narrowed(graph, multiplied, {3, 1}).expect({0, 128});
}

} // namespace
} // namespace convscope
