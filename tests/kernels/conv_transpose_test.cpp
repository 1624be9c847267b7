// Transposed convolutions in every back end: with what is fused to them, their gradients, in double.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/graphs.h"
#include "plan/fusion.h"
#include "reference/conv.h"
#include "reference/elementwise.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

struct Case {
  ConvTranspose op;
  Tensor input;
};

ConvTranspose padded_output(ConvTranspose op, int h, int w) {
  op.output_pad_h = h;
  op.output_pad_w = w;
  return op;
}

std::vector<Case> cases() {
  return {
      {random_conv_transpose(3, 5, square_window(2, 2), 1), random_tensor(2, 3, 5, 7, 1)},
      {random_conv_transpose(5, 37, square_window(3, 2, 1), 2), random_tensor(1, 5, 6, 4, 2)},
      {padded_output(random_conv_transpose(4, 6, square_window(3, 2, 1), 3, 2), 1, 1), random_tensor(3, 4, 5, 6, 3)},
      {padded_output(random_conv_transpose(33, 2, square_window(3, 1, 1, 2), 4), 0, 1), random_tensor(2, 33, 5, 6, 4)},
      {random_conv_transpose(17, 17, square_window(4, 2, 1), 5, 17), random_tensor(2, 17, 4, 5, 5)},
      {random_conv_transpose(35, 35, square_window(2, 2), 11, 35), random_tensor(1, 35, 6, 8, 11)},
      {random_conv_transpose(3, 4, {2, 3, 3, 4, 1, 1, {-2, 0, 1, -1}}, 6), random_tensor(2, 3, 4, 3, 6)},
      {random_conv_transpose(3, 4, {3, 2, 2, 3, 1, 1, {}, true}, 7), random_tensor(2, 3, 4, 5, 7)},
      {random_conv_transpose(3, 4, {4, 2, 1, 4, 1, 1, {}, true, true}, 8), random_tensor(2, 3, 6, 5, 8)},
      {random_conv_transpose(20, 34, square_window(1), 9), random_tensor(2, 20, 3, 5, 9)},
      {random_conv_transpose(4, 1, {5, 3, 2, 1, 2, 3, {1, 2, 3, 0}}, 10, 1, false), random_tensor(2, 4, 6, 5, 10)},
  };
}

class ConvTransposeTest : public ::testing::TestWithParam<ConvBackend> {
protected:
  void SetUp() override {
    if (GetParam() == ConvBackend::broadcast && !test_device().info().subgroup_shuffle)
      GTEST_SKIP() << "the device has no subgroup shuffles";
    options.backend = GetParam();
  }
  NetworkOptions options;
};

TEST_P(ConvTransposeTest, IsTheReferences) {
  for (const Case &one : cases())
    check_op(one.op, one.input, options);
}

// A normalization, a residual and a ReLU go into it.
TEST_P(ConvTransposeTest, WithAllThatIsFused) {
  for (const Case &one : cases()) {
    Graph graph = graph_with_input();
    const NodeId open = push(graph, Relu{}, {0});
    const NodeId left = push(graph, one.op, {open});
    const NodeId norm = push(graph, random_scale_shift(one.op.out_channels, 1), {left});
    const NodeId sum = push(graph, Add{}, {norm, push(graph, one.op, {open})});
    options.targets = {push(graph, Relu{}, {sum})};
    EXPECT_EQ(fuse(graph, options.targets).size(), 3U);
    expect_like_reference(graph, one.input, options, 4e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ConvTransposeTest,
                         ::testing::Values(ConvBackend::broadcast, ConvBackend::depthwise, ConvBackend::shared,
                                           ConvBackend::direct),
                         [](const auto &test) { return std::string(backend_name(test.param)); });

TEST(ConvTransposeFusionTest, FoldsByOutputChannel) {
  Graph graph = graph_with_input();
  const ConvTranspose op = random_conv_transpose(6, 4, {2, 1, 1, 2, 1, 1, {}}, 1, 2);
  const NodeId conv = push(graph, op, {0});
  const ScaleShift norm = random_scale_shift(4, 3);
  const NodeId last = push(graph, norm, {conv});
  const FoldedConv folded = fold(graph, fuse(graph, {last}).front());
  const Tensor x = random_tensor(1, 6, 3, 4, 2);
  ConvTranspose once = op;
  once.weights = folded.weights;
  once.bias = folded.bias;
  const Tensor expected = reference::scale_shift(reference::conv_transpose(x, op), norm.scale, norm.shift);
  EXPECT_LT(reference::relative_error(reference::conv_transpose(x, once), expected), 1e-6);
}

} // namespace
} // namespace convscope
