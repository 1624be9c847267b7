// Whole toy nets on the device against the reference: outputs and gradients at every layer.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "graph/shapes.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"
#include "reference/conv.h"
#include "reference/elementwise.h"
#include "reference/network.h"

namespace convscope {
namespace {

using reference::random_tensor;
using reference::Tensor;

constexpr double whole_net = 1e-5; // of the largest value

// Blocks with the normalization before their convolutions, as in ResNetV2: identity, projection and strided shortcuts.
Graph residual_net() {
  Graph graph = graph_with_input("residual");
  unsigned seed = 1;
  const auto conv = [&](int in_c, int out_c, int kernel, int stride, NodeId x, bool bias) {
    return push(graph, random_conv(in_c, out_c, square_window(kernel, stride), seed += 2, 1, bias), {x});
  };
  const auto norm_relu = [&](int channels, NodeId x) {
    x = push(graph, random_scale_shift(channels, seed += 2), {x});
    return push(graph, Relu{}, {x});
  };
  NodeId x = push(graph, ZeroPad{{2, 2, 2, 2}}, {0});
  x = conv(3, 8, 5, 2, x, true);
  x = push(graph, ZeroPad{{1, 1, 1, 1}}, {x});
  x = push(graph, MaxPool{square_window(3, 2)}, {x});
  for (const auto &[in_c, stride] : {std::pair{8, 1}, {16, 2}, {16, 1}}) {
    const NodeId before = norm_relu(in_c, x);
    NodeId shortcut = x;
    if (in_c != 16)
      shortcut = conv(in_c, 16, 1, stride, before, true);
    else if (stride > 1)
      shortcut = push(graph, MaxPool{square_window(1, stride)}, {x});
    NodeId y = norm_relu(4, conv(in_c, 4, 1, 1, before, false));
    y = push(graph, ZeroPad{{1, 1, 1, 1}}, {y});
    y = norm_relu(4, conv(4, 4, 3, stride, y, false));
    y = conv(4, 16, 1, 1, y, true);
    x = push(graph, Add{}, {shortcut, y});
  }
  x = norm_relu(16, x);
  x = push(graph, GlobalAvgPool{}, {x});
  x = push(graph, random_dense(16, 10, seed += 2), {x});
  push(graph, Softmax{}, {x});
  return graph;
}

Graph plain_net() {
  Graph graph = graph_with_input("plain");
  NodeId x = 0;
  const auto conv_relu = [&](int in_c, int out_c, unsigned seed) {
    x = push(graph, random_conv(in_c, out_c, square_window(3, 1, 1), seed), {x});
    x = push(graph, Relu{}, {x});
  };
  conv_relu(3, 8, 1);
  conv_relu(8, 8, 3);
  x = push(graph, MaxPool{square_window(2, 2)}, {x});
  conv_relu(8, 16, 5);
  x = push(graph, MaxPool{square_window(2, 2)}, {x});
  x = push(graph, Flatten{}, {x});
  for (int features : {20, 12}) {
    x = push(graph, random_dense(features == 20 ? 16 * 5 * 6 : 20, features, unsigned(features)), {x});
    x = push(graph, Relu{}, {x});
  }
  x = push(graph, random_dense(12, 10, 7), {x});
  push(graph, Softmax{}, {x});
  return graph;
}

// Each node an op on random earlier ones of 8 channels on one map size.
Graph random_net(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](std::size_t limit) { return static_cast<int>(random() % limit); };
  Graph graph = graph_with_input("random");
  push(graph, random_conv(3, 8, square_window(1), seed), {0});
  while (graph.nodes.size() < 24) {
    const auto earlier = [&] { return 1 + below(graph.nodes.size() - 1); };
    switch (below(9)) {
    case 0:
    case 1:
      push(graph, random_conv(8, 8, square_window(3, 1, 1), random()), {earlier()});
      break;
    case 2:
      push(graph, random_scale_shift(8, random()), {earlier()});
      break;
    case 3:
    case 4:
      push(graph, Relu{}, {static_cast<NodeId>(graph.nodes.size()) - 1});
      break;
    case 5:
    case 6:
      push(graph, Add{}, {earlier(), earlier()});
      break;
    case 7:
      push(graph, AvgPool{square_window(3, 1, 1)}, {earlier()});
      break;
    default:
      push(graph, MaxPool{square_window(3, 1, 1)}, {earlier()});
    }
  }
  return graph;
}

// Each layer alone: what folds into what depends on where the graph is cut. Not on the back end, so that all but the
// last layer are done with the one of the fewest pipelines.
void check_every_layer(const Graph &graph, const Tensor &input, Precision precision = Precision::fp32) {
  const NodeId last = static_cast<NodeId>(graph.nodes.size()) - 1;
  for (NodeId target = 0; target <= last; ++target) {
    NetworkOptions options;
    options.targets = {target};
    options.precision = precision;
    options.backend = target == last ? ConvBackend::automatic : ConvBackend::direct;
    expect_like_reference(graph, input, options, whole_net);
  }
}

TEST(NetworkTest, ResidualNet) {
  for (const Precision precision : {Precision::fp32, Precision::fast})
    check_every_layer(residual_net(), random_tensor(2, 3, 35, 31, 1), precision);
}

TEST(NetworkTest, PlainNet) { check_every_layer(plain_net(), random_tensor(2, 3, 20, 24, 1)); }

TEST(NetworkTest, NodesOfOneNameHaveTheirOwnWeights) {
  Graph graph = graph_with_input("namesakes");
  NodeId x = push(graph, random_conv(3, 8, square_window(3, 1, 1), 1), {0}, "same");
  x = push(graph, random_conv(8, 8, square_window(3, 1, 1), 3), {x}, "same");
  x = push(graph, random_scale_shift(8, 5), {x}, "scale");
  x = push(graph, Relu{}, {x});
  x = push(graph, random_scale_shift(8, 7), {x}, "scale");
  x = push(graph, random_conv(8, 8, square_window(3, 1, 1), 9), {x}, "same");
  x = push(graph, GlobalAvgPool{}, {x});
  x = push(graph, random_dense(8, 8, 11), {x}, "same");
  push(graph, random_dense(8, 8, 13), {x}, "same");
  check_every_layer(graph, random_tensor(1, 3, 9, 7, 1));
}

TEST(NetworkTest, RandomNets) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = random_net(seed);
    NetworkOptions options;
    options.targets = {static_cast<NodeId>(graph.nodes.size()) - 1};
    expect_like_reference(graph, random_tensor(2, 3, 9, 10, seed), options, whole_net);
    options.targets = {static_cast<NodeId>(8 + seed % 4), 20, 23, 15};
    options.precision = Precision::fast;
    expect_like_reference(graph, random_tensor(1, 3, 9, 10, seed), options, whole_net);
  }
}

// x + conv(relu(norm(x))), and x + conv(x), x + x: gradients that are read and added to at once.
TEST(NetworkTest, GradientsGoOnWithoutCopies) {
  Graph graph = graph_with_input();
  const NodeId first = push(graph, random_conv(3, 8, square_window(1), 1), {0});
  const NodeId norm = push(graph, random_scale_shift(8, 3), {first});
  const NodeId inner = push(graph, random_conv(8, 8, square_window(3, 1, 1), 5), {push(graph, Relu{}, {norm})});
  const NodeId second = push(graph, Add{}, {inner, first});
  const NodeId third = push(graph, Add{}, {push(graph, random_conv(8, 8, square_window(1), 7), {second}), second});
  const NodeId twice = push(graph, Add{}, {third, third});
  const NodeId deep = push(graph, random_conv(8, 8, square_window(1), 9),
                           {push(graph, Relu{}, {push(graph, random_scale_shift(8, 11), {twice})})});
  const NodeId last = push(graph, Add{}, {twice, push(graph, random_conv(8, 8, square_window(1), 13), {deep})});
  NetworkOptions options;
  options.targets = {last};
  for (const Precision precision : {Precision::fp32, Precision::fast}) {
    options.precision = precision;
    expect_like_reference(graph, random_tensor(2, 3, 9, 10, 1), options, whole_net);
  }

  options.input = {3, 9, 10};
  options.backward = true;
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, options);
  const std::vector<std::string> kernels = net.plan().kernels();
  const auto passes =
      std::ranges::count_if(kernels, [](const std::string &name) { return name.starts_with("scale_grad"); });
  // The seed; the residuals of two sums whose convolution began the gradient that they add to; x + x, two.
  EXPECT_EQ(passes, 5);
}

TEST(NetworkTest, DecisionsInDouble) {
  std::vector<std::pair<Graph, Tensor>> nets = {{residual_net(), random_tensor(2, 3, 35, 31, 7)},
                                                {plain_net(), random_tensor(2, 3, 20, 24, 8)}};
  for (unsigned seed = 1; seed <= 4; ++seed)
    nets.emplace_back(random_net(seed), random_tensor(2, 3, 9, 10, seed));
  for (const auto &[graph, input] : nets) {
    SCOPED_TRACE(graph.name);
    const NodeId last = static_cast<NodeId>(graph.nodes.size()) - 1;
    NetworkOptions options;
    options.targets = {last / 2, last};
    options.exact_decisions = true;
    expect_like_reference(graph, input, options, whole_net);
  }
}

TEST(NetworkTest, SeveralTargetsAtOnce) {
  const Graph graph = residual_net();
  NetworkOptions options;
  options.backend = ConvBackend::direct;
  for (NodeId target = 0; target < static_cast<NodeId>(graph.nodes.size()); target += 3)
    options.targets.push_back(target);
  expect_like_reference(graph, random_tensor(1, 3, 35, 31, 2), options, whole_net);
}

// One plan's weights serve others, of other sizes and cuts: here padding, phases and tiles differ.
TEST(NetworkTest, WeightsAreShared) {
  Graph graph = graph_with_input();
  const NodeId pad = push(graph, ZeroPad{{1, 0, 0, 1}}, {0});
  Window same = square_window(3, 2);
  same.same = true;
  const NodeId strided = push(graph, random_conv(3, 4, square_window(3, 2), 1), {pad});
  const NodeId next = push(graph, random_conv(4, 64, same, 3), {strided});
  for (ConvBackend backend : {ConvBackend::automatic, ConvBackend::shared}) {
    Weights weights(test_device());
    for (const auto &[h, w] : {std::pair{68, 67}, {11, 12}, {8, 9}, {7, 3}})
      for (const std::vector<NodeId> &targets : {std::vector{next}, {next, pad}}) {
        NetworkOptions options;
        options.input = {3, h, w};
        options.targets = targets;
        options.backward = true;
        options.backend = backend;
        DeviceNetwork net(weights, graph, options);
        const Tensor input = random_tensor(1, 3, h, w, 3);
        std::vector<Tensor> seeds = random_seeds(graph, options);
        if (seeds.size() > 1)
          seeds[1].data.assign(seeds[1].data.size(), 0);
        net.run(input, seeds);
        const std::vector<Tensor> outputs = reference::forward(graph, input, next);
        expect_close(net.output(0), outputs[static_cast<std::size_t>(next)], whole_net);
        expect_close(net.gradient(), reference::backward(graph, outputs, next, seeds[0])[0], whole_net);
      }
  }
}

TEST(NetworkTest, ForwardAloneIsTheSame) {
  const Graph graph = residual_net();
  Weights weights(test_device());
  NetworkOptions options;
  options.input = {3, 35, 31};
  options.backend = ConvBackend::direct;
  options.targets = {static_cast<NodeId>(graph.nodes.size()) - 2};
  const Tensor input = random_tensor(1, 3, 35, 31, 4);
  DeviceNetwork forward(weights, graph, options);
  forward.run(input);
  options.backward = true;
  DeviceNetwork both(weights, graph, options);
  both.run(input, random_seeds(graph, options));
  EXPECT_EQ(forward.output(0).data, both.output(0).data);
  EXPECT_LT(forward.plan().planned_bytes(), both.plan().planned_bytes());
}

TEST(NetworkTest, RunsAreTheSameAndSoAreImagesAloneAndInABatch) {
  const Graph graph = residual_net();
  Weights weights(test_device());
  NetworkOptions options;
  options.input = {3, 35, 31};
  options.batch = 3;
  options.targets = {static_cast<NodeId>(graph.nodes.size()) - 4};
  options.backward = options.revive = true;
  const Tensor input = random_tensor(3, 3, 35, 31, 5);
  const std::vector<Tensor> seeds = random_seeds(graph, options);
  DeviceNetwork net(weights, graph, options);
  net.run(input, seeds);
  const Tensor output = net.output(0), gradient = net.gradient();
  net.run(random_tensor(3, 3, 35, 31, 6), seeds);
  EXPECT_NE(net.gradient().data, gradient.data);
  for (Variant variant : {Variant::usual, Variant::revive}) { // nothing is dead here
    net.run(input, seeds, variant);
    EXPECT_EQ(net.output(0).data, output.data);
    EXPECT_EQ(net.gradient().data, gradient.data);
  }
  options.batch = 1;
  DeviceNetwork alone(weights, graph, options);
  for (int n = 0; n < 3; ++n) {
    alone.run(image_of(input, n), {image_of(seeds[0], n)});
    EXPECT_EQ(alone.output(0).data, image_of(output, n).data);
    EXPECT_EQ(alone.gradient().data, image_of(gradient, n).data);
  }
}

TEST(NetworkTest, ATargetWithoutASeedIsRefused) {
  Graph graph = graph_with_input();
  const NodeId left = push(graph, random_scale_shift(3, 1), {0});
  const NodeId right = push(graph, random_scale_shift(3, 2), {0});
  NetworkOptions options;
  options.input = {3, 2, 2};
  options.targets = {left, right};
  options.backward = true;
  Weights weights(test_device());
  Plan plan(test_programs(), "test");
  Network network(plan, weights, graph, options);
  network.forward(plan.persistent("input", 48));
  EXPECT_THROW(network.backward({{left, [](const GradientTarget &) {}}}), std::logic_error);
}

// conv, ReLU, conv, ReLU, conv: the second ReLU is closed everywhere in image 0, and open somewhere in image 1.
struct DeadNet {
  Graph graph = graph_with_input("dead");
  Conv first = random_conv(3, 5, square_window(3, 1, 1), 1), second = random_conv(5, 35, square_window(3, 1, 1), 3),
       third = random_conv(35, 4, square_window(3, 1, 1), 5);
  NodeId open, closed, last;
  Tensor input = random_tensor(2, 3, 7, 6, 7);

  DeadNet() {
    for (float &bias : second.bias.own())
      bias = -9;
    const auto image = static_cast<std::ptrdiff_t>(input.data.size() / 2);
    for (auto value = input.data.begin() + image; value != input.data.end(); ++value)
      *value *= 20;
    open = push(graph, Relu{}, {push(graph, first, {0})});
    closed = push(graph, Relu{}, {push(graph, second, {open})});
    last = push(graph, third, {closed});
  }
};

// The gradient at the input from the one before the second ReLU's convolution's output is masked: of image 0 what
// would open the ReLU passes, of image 1 the usual.
Tensor revived(const DeadNet &net, const std::vector<Tensor> &outputs, Tensor at_closed) {
  Tensor usual = reference::relu_gradient(at_closed, outputs[static_cast<std::size_t>(net.closed)]);
  const std::size_t image = usual.data.size() / 2;
  for (std::size_t i = 0; i < image; ++i)
    usual.data[i] = std::max(at_closed.data[i], 0.0);
  const Tensor at_open = reference::conv_gradient(usual, net.second, 7, 6);
  const Tensor passed = reference::relu_gradient(at_open, outputs[static_cast<std::size_t>(net.open)]);
  return reference::conv_gradient(passed, net.first, 7, 6);
}

TEST(NetworkTest, ReviveLetsThroughWhatADeadLayerBlocks) {
  const DeadNet dead;
  for (NodeId target : {dead.last, dead.closed}) {
    SCOPED_TRACE(target == dead.last ? "objective above the dead layer" : "objective at the dead layer");
    NetworkOptions options;
    options.input = {3, 7, 6};
    options.batch = 2;
    options.targets = {target};
    options.backward = options.revive = true;
    Weights weights(test_device());
    DeviceNetwork net(weights, dead.graph, options);
    const std::vector<Tensor> seeds = random_seeds(dead.graph, options);
    const std::vector<Tensor> outputs = reference::forward(dead.graph, dead.input);
    const Tensor &closed = outputs[static_cast<std::size_t>(dead.closed)];
    ASSERT_EQ(reference::dot(image_of(closed, 0), image_of(closed, 0)), 0);
    ASSERT_GT(reference::dot(image_of(closed, 1), image_of(closed, 1)), 0);

    net.run(dead.input, seeds, Variant::usual);
    const Tensor usual = reference::backward(dead.graph, outputs, target, seeds[0])[0];
    expect_close(net.gradient(), usual);
    EXPECT_EQ(reference::dot(image_of(net.gradient(), 0), image_of(net.gradient(), 0)), 0);

    net.run(dead.input, seeds, Variant::revive);
    const Tensor at_closed =
        target == dead.closed ? seeds[0] : reference::conv_gradient(seeds[0], dead.third, closed.h, closed.w);
    const Tensor expected = revived(dead, outputs, at_closed);
    expect_close(image_of(net.gradient(), 0), image_of(expected, 0));
    expect_close(image_of(net.gradient(), 1), image_of(usual, 1));
    EXPECT_GT(reference::dot(image_of(expected, 0), image_of(expected, 0)), 0);
  }
}

// The same before a batch-norm, whose scale is in the convolution's weights otherwise.
TEST(NetworkTest, ReviveBeforeANorm) {
  const Tensor input = DeadNet().input;
  Graph graph = graph_with_input("dead norm");
  const ScaleShift norm{{1.5, -0.75, 0.5}, {-9, -9, -9}}, beside = random_scale_shift(3, 7);
  const NodeId closed = push(graph, Relu{}, {push(graph, norm, {0})});
  const Conv conv = random_conv(3, 4, square_window(3, 1, 1), 5);
  NetworkOptions options;
  options.input = {3, 7, 6};
  options.batch = 2;
  options.targets = {push(graph, conv, {closed})};
  options.targets.push_back(push(graph, beside, {0})); // whose gradient is there first
  options.precision = Precision::fast;
  options.backward = options.revive = true;
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, options);
  const std::vector<Tensor> seeds = random_seeds(graph, options);
  const std::vector<Tensor> outputs = reference::forward(graph, input);
  const Tensor blocked = reference::backward(graph, outputs, options.targets[0], seeds[0])[0];
  const Tensor other = reference::scale_shift_gradient(seeds[1], beside.scale);
  ASSERT_EQ(reference::dot(image_of(blocked, 0), image_of(blocked, 0)), 0);
  ASSERT_GT(reference::dot(image_of(blocked, 1), image_of(blocked, 1)), 0);
  const Tensor usual = reference::add(blocked, other);
  net.run(input, seeds, Variant::usual);
  expect_close(net.gradient(), usual);

  Tensor passed = reference::conv_gradient(seeds[0], conv, 7, 6);
  for (double &value : passed.data)
    value = std::max(value, 0.0);
  const Tensor revived = reference::add(reference::scale_shift_gradient(passed, norm.scale), other);
  net.run(input, seeds, Variant::revive);
  expect_close(image_of(net.gradient(), 0), image_of(revived, 0));
  expect_close(image_of(net.gradient(), 1), image_of(usual, 1));
}

} // namespace
} // namespace convscope
