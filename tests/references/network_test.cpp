#include "check.h"
#include "graph/shapes.h"
#include "reference/network.h"

namespace convscope::reference {
namespace {

NodeId push(Graph &graph, const std::string &name, Op op, std::vector<NodeId> inputs) {
  graph.nodes.push_back({name, "", std::move(op), std::move(inputs)});
  return NodeId(graph.nodes.size()) - 1;
}

Window window(int kernel, int stride, Padding pad, bool same = false) {
  return {kernel, kernel, stride, stride, 1, 1, pad, same};
}

Conv conv_op(int in_c, int out_c, int groups, Window win, unsigned seed) {
  std::size_t weights = std::size_t(out_c) * in_c / groups * win.kernel_h * win.kernel_w;
  return {out_c, groups, win, random_floats(weights, seed), random_floats(out_c, seed + 1)};
}

// Input (3, 9, 7): every op of the graph, with a residual add and both ways of padding.
Graph toy_net() {
  Graph graph;
  graph.name = "toy";
  NodeId x = push(graph, "input", Input{}, {});
  NodeId padded = push(graph, "pad", ZeroPad{{0, 1, 1, 0}}, {x});
  NodeId stem = push(graph, "conv1", conv_op(3, 6, 1, window(3, 2, {1, 1, 0, 1}), 1), {padded});
  NodeId active = push(graph, "relu1", Relu{}, {stem});
  NodeId pooled = push(graph, "pool1", MaxPool{window(3, 1, {1, 1, 1, 1})}, {active});
  NodeId branch = push(graph, "conv2", conv_op(6, 6, 2, window(3, 1, {}, true), 3), {pooled});
  NodeId shortcut =
      push(graph, "scale", ScaleShift{random_tensor(1, 6, 1, 1, 5).data, random_tensor(1, 6, 1, 1, 6).data}, {pooled});
  NodeId sum = push(graph, "add", Add{}, {branch, shortcut, active});
  NodeId average = push(graph, "pool2", AvgPool{window(2, 2, {}, true), false}, {sum});
  NodeId flat = push(graph, "flatten", Flatten{}, {average});
  // 10 x 8 after the pad, 5 x 4 after the stem, 3 x 2 after the pools
  NodeId logits = push(graph, "logits", Dense{5, random_floats(5 * 36, 7, -0.2, 0.2), random_floats(5, 8)}, {flat});
  push(graph, "softmax", Softmax{}, {logits});
  push(graph, "mean", GlobalAvgPool{}, {sum});
  push(graph, "max", GlobalMaxPool{}, {sum});
  return graph;
}

TEST(ReferenceNetwork, ShapesAreTheGraphs) {
  Graph graph = toy_net();
  std::vector<Shape> shapes = infer_shapes(graph, {3, 9, 7});
  std::vector<Tensor> outputs = forward(graph, random_tensor(2, 3, 9, 7, 1));
  ASSERT_EQ(outputs.size(), shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    EXPECT_EQ(outputs[i].n, 2);
    EXPECT_EQ((Shape{outputs[i].c, outputs[i].h, outputs[i].w}), shapes[i]) << graph.nodes[i].name;
  }
}

TEST(ReferenceNetwork, FiniteDifferencesThroughEveryLayer) {
  Graph graph = toy_net();
  Tensor input = random_tensor(3, 3, 9, 7, 2);
  for (NodeId layer = 0; layer < NodeId(graph.nodes.size()); ++layer) {
    SCOPED_TRACE(graph.nodes[layer].name);
    std::vector<Objective> objectives = {
        {Objective::Kind::ChannelMean, 1}, {Objective::Kind::Unit, 2, 0, 0}, {Objective::Kind::MeanSquare}};
    Ascent ascent = input_gradient(graph, input, layer, objectives);
    auto sum = [&](const Tensor &t) {
      std::vector<double> values = objective_values(forward(graph, t, layer)[layer], objectives);
      return values[0] + values[1] + values[2];
    };
    expect_gradient(sum, input, ascent.gradient, 1e-6, 1e-6);
  }
}

TEST(ReferenceNetwork, ALayerBelowTheHeadRunsAtAnySize) {
  Graph graph = toy_net();
  NodeId mean = find_layer(graph, "mean");
  std::vector<Tensor> outputs = forward(graph, random_tensor(1, 3, 14, 9, 1), mean);
  EXPECT_EQ(outputs[mean].c, 6);
  EXPECT_TRUE(outputs[find_layer(graph, "logits")].data.empty());
  std::vector<Tensor> grads = backward(graph, outputs, mean, Tensor(1, 6, 1, 1, 1.0));
  EXPECT_EQ(grads[0].h, 14);
  EXPECT_GT(dot(grads[0], grads[0]), 0);
}

} // namespace
} // namespace convscope::reference
