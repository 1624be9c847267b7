// What the plan fuses into one kernel's work, and what it must leave alone because somebody else reads it.
#include "plan/fusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "graph/shapes.h"
#include "kernels/graphs.h"

namespace convscope {
namespace {

std::vector<NodeId> outputs(const std::vector<FusedOp> &ops) {
  std::vector<NodeId> ids;
  for (const FusedOp &op : ops)
    ids.push_back(op.output);
  return ids;
}

TEST(FusionTest, ConvolutionTakesPaddingNormsAdditionAndRelu) {
  Graph graph = graph_with_input();
  const NodeId pad = push(graph, ZeroPad{{1, 2, 3, 4}}, {0});
  const NodeId conv = push(graph, random_conv(3, 3, square_window(3), 1), {pad});
  const NodeId norm = push(graph, random_scale_shift(3, 2), {conv});
  const NodeId other = push(graph, random_scale_shift(3, 3), {norm});
  const NodeId side = push(graph, MaxPool{square_window(1)}, {0});
  const NodeId sum = push(graph, Add{}, {side, other});
  const NodeId relu = push(graph, Relu{}, {sum});
  const std::vector<FusedOp> ops = fuse(graph, {relu});
  ASSERT_EQ(outputs(ops), (std::vector<NodeId>{side, relu}));
  EXPECT_EQ(ops[1].main, conv);
  EXPECT_EQ(ops[1].inputs, std::vector<NodeId>{0});
  EXPECT_EQ(ops[1].extra_pad, (Padding{1, 2, 3, 4}));
  EXPECT_EQ(ops[1].scale_shifts, (std::vector<NodeId>{norm, other}));
  EXPECT_EQ(ops[1].residual, side);
  EXPECT_TRUE(ops[1].relu);
}

TEST(FusionTest, WhatIsWantedOrReadTwiceIsWritten) {
  Graph graph = graph_with_input();
  const NodeId conv = push(graph, random_conv(3, 3, square_window(1), 1), {0});
  const NodeId norm = push(graph, random_scale_shift(3, 2), {conv});
  const NodeId relu = push(graph, Relu{}, {norm});
  const NodeId next = push(graph, random_conv(3, 3, square_window(1), 3), {relu});
  const NodeId norm_too = push(graph, random_scale_shift(3, 4), {next});
  const NodeId second = push(graph, Relu{}, {norm_too});
  const NodeId sum = push(graph, Add{}, {second, norm_too});

  EXPECT_EQ(outputs(fuse(graph, {relu})), std::vector<NodeId>{relu});
  EXPECT_EQ(outputs(fuse(graph, {conv})), std::vector<NodeId>{conv});
  EXPECT_TRUE(fuse(graph, {conv}).front().scale_shifts.empty());
  EXPECT_EQ(outputs(fuse(graph, {relu, conv})), (std::vector<NodeId>{conv, relu}));
  EXPECT_EQ(outputs(fuse(graph, {norm, relu})), (std::vector<NodeId>{norm, relu}));
  EXPECT_EQ(outputs(fuse(graph, {sum})), (std::vector<NodeId>{relu, norm_too, second, sum}));
  EXPECT_TRUE(fuse(graph, {0}).empty());
}

TEST(FusionTest, PaddingStaysWhereAConvolutionCannotDoIt) {
  const auto is_apart = [](const Padding &padding, bool same) {
    Graph graph = graph_with_input();
    const NodeId pad = push(graph, ZeroPad{padding}, {0});
    Window window = square_window(3, 1, 1);
    window.same = same;
    const NodeId conv = push(graph, random_conv(3, 3, window, 1), {pad});
    return outputs(fuse(graph, {conv})) == std::vector<NodeId>{pad, conv};
  };
  EXPECT_FALSE(is_apart({1, 1, 1, 1}, false));
  EXPECT_TRUE(is_apart({1, 1, 1, 1}, true));
  EXPECT_TRUE(is_apart({1, 1, 0, -1}, false));
}

TEST(FusionTest, AMaxPoolTakesZerosWhereItHasNoPaddingOfItsOwn) {
  const auto is_taken = [](const Padding &padding, const Window &window) {
    Graph graph = graph_with_input();
    const NodeId pad = push(graph, ZeroPad{padding}, {0});
    const NodeId pool = push(graph, MaxPool{window}, {pad});
    const std::vector<FusedOp> ops = fuse(graph, {pool});
    return outputs(ops) == std::vector<NodeId>{pool} && ops[0].inputs == std::vector<NodeId>{0} &&
           ops[0].extra_pad == padding;
  };
  Window ceil = square_window(3, 2), same = square_window(3, 2);
  ceil.ceil = true;
  same.same = true;
  EXPECT_TRUE(is_taken({1, 2, 3, 4}, square_window(3, 2)));
  EXPECT_FALSE(is_taken({1, 2, 3, 4}, square_window(3, 2, 1)));
  EXPECT_FALSE(is_taken({1, -1, 0, 0}, square_window(3, 2)));
  EXPECT_FALSE(is_taken({1, 1, 1, 1}, ceil));
  EXPECT_FALSE(is_taken({1, 1, 1, 1}, same));
}

TEST(FusionTest, AnAdditionIsTakenInOnce) {
  Graph graph = graph_with_input();
  const NodeId left = push(graph, random_conv(3, 3, square_window(1), 1), {0});
  const NodeId right = push(graph, random_conv(3, 3, square_window(1), 3), {0});
  const NodeId sum = push(graph, Add{}, {left, right});
  const std::vector<FusedOp> ops = fuse(graph, {sum});
  ASSERT_EQ(ops.size(), 2U);
  EXPECT_EQ(std::count_if(ops.begin(), ops.end(), [](const FusedOp &op) { return op.residual >= 0; }), 1);
  EXPECT_EQ(ops.back().output, sum);

  const NodeId doubled = push(graph, Add{}, {sum, sum});
  const NodeId three = push(graph, Add{}, {doubled, left, right});
  EXPECT_EQ(outputs(fuse(graph, {three})), (std::vector<NodeId>{left, right, sum, doubled, three}));
}

TEST(FusionTest, AConcatTakesWhatAnEarlierOneJoined) {
  Graph graph = graph_with_input();
  const NodeId a = push(graph, random_scale_shift(3, 1), {0}), b = push(graph, random_scale_shift(3, 2), {0});
  const NodeId two = push(graph, Concat{}, {0, a});
  const NodeId other = push(graph, Concat{}, {a, 0});
  const NodeId high = push(graph, Concat{Axis::h}, {0, a, b});
  const NodeId three = push(graph, Concat{}, {0, a, b});
  const NodeId same = push(graph, Concat{}, {0, a, b});
  const NodeId four = push(graph, Concat{}, {0, a, b, a});
  const std::vector<FusedOp> ops = fuse(graph, {two, other, high, three, same, four});
  ASSERT_EQ(outputs(ops), (std::vector<NodeId>{a, b, two, other, high, three, same, four}));
  EXPECT_EQ(ops[2].inputs, (std::vector<NodeId>{0, a}));
  EXPECT_EQ(ops[3].inputs, (std::vector<NodeId>{a, 0}));
  EXPECT_EQ(ops[4].inputs, (std::vector<NodeId>{0, a, b}));
  EXPECT_EQ(ops[5].inputs, (std::vector<NodeId>{two, b}));
  EXPECT_EQ(ops[6].inputs, std::vector<NodeId>{three});
  EXPECT_EQ(ops[7].inputs, (std::vector<NodeId>{three, a}));
  EXPECT_EQ(fuse(graph, {four}).back().inputs, (std::vector<NodeId>{0, a, b, a})); // the others are not in this cut
}

TEST(FusionTest, OpsRunInAnOrderThatHasWhatTheyRead) {
  Graph graph = graph_with_input();
  NodeId x = 0;
  for (unsigned block = 0; block < 4; ++block) {
    const NodeId conv = push(graph, random_conv(3, 3, square_window(1), block), {x});
    const NodeId shortcut = push(graph, random_conv(3, 3, square_window(1), block + 10), {x});
    const NodeId deeper = push(graph, random_conv(3, 3, square_window(1), block + 20), {shortcut});
    const NodeId sum = push(graph, Add{}, {conv, deeper});
    x = push(graph, Relu{}, {sum});
  }
  std::vector<bool> written(graph.nodes.size());
  written[0] = true;
  for (const FusedOp &op : fuse(graph, {x})) {
    std::vector<NodeId> needed = op.inputs;
    if (op.residual >= 0)
      needed.push_back(op.residual);
    for (NodeId input : needed)
      EXPECT_TRUE(written[static_cast<std::size_t>(input)]) << "node " << input;
    written[static_cast<std::size_t>(op.output)] = true;
  }
  EXPECT_TRUE(written[static_cast<std::size_t>(x)]);
}

TEST(FusionTest, FoldingIsDoneInDouble) {
  Graph graph = graph_with_input();
  const NodeId conv = push(graph, Conv{2, 1, square_window(1), {3, 5}, {7, 11}}, {0});
  const NodeId norm = push(graph, ScaleShift{{2, -1}, {0.5F, 1}}, {conv});
  const NodeId other = push(graph, ScaleShift{{-3, 4}, {1, -2}}, {norm});
  const std::vector<FusedOp> ops = fuse(graph, {other});
  ASSERT_EQ(ops.size(), 1U);
  const FoldedConv folded = fold(graph, ops.front());
  EXPECT_EQ(folded.weights, (std::vector<float>{-18, -20}));
  EXPECT_EQ(folded.bias, (std::vector<float>{-42.5F, -42}));

  std::get<Conv>(graph.nodes[1].op).bias = {};
  EXPECT_EQ(fold(graph, ops.front()).bias, (std::vector<float>{-0.5F, 2}));
}

} // namespace
} // namespace convscope
