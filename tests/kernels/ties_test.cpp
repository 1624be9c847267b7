// A max pool behind a stem whose weights are coarse: many sums differ by less than a float can hold, and the
// gradient goes to the true maximum nevertheless.
#include <cmath>

#include <gtest/gtest.h>

#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/graphs.h"
#include "reference/network.h"
#include "reference/tensor.h"

namespace convscope {
namespace {

using reference::Tensor;

Graph coarse_stem(bool bias) {
  Graph graph = graph_with_input(bias ? "coarse stem with bias" : "coarse stem");
  Conv conv{16, 1, square_window(7, 2), {}, {}};
  for (float w : reference::random_floats(16 * 3 * 7 * 7, 1, -3, 3))
    conv.weights.push_back(std::round(w) / 16);
  if (bias)
    for (float b : reference::random_floats(16, 2, -8, 8))
      conv.bias.push_back(std::round(b) / 64);
  const NodeId padded = push(graph, ZeroPad{{3, 3, 3, 3}}, {0});
  const NodeId stem = push(graph, conv, {padded});
  push(graph, MaxPool{square_window(3, 2)}, {push(graph, ZeroPad{{1, 1, 1, 1}}, {stem})});
  return graph;
}

// A photo of few greys, as nets are given it: k / 127.5 - 1, rounded to float.
Tensor photo() {
  Tensor x = reference::random_tensor(2, 3, 45, 51, 3, 0, 8);
  for (double &v : x.data)
    v = static_cast<float>(std::floor(v) * 32 / 127.5 - 1);
  return x;
}

double gradient_error(const Graph &graph, bool resolve_ties) {
  const Tensor x = photo();
  NetworkOptions options;
  options.input = {x.c, x.h, x.w};
  options.batch = x.n;
  options.targets = {4};
  options.backward = true;
  options.resolve_ties = resolve_ties;
  Weights weights(test_device());
  DeviceNetwork net(weights, graph, options);
  const std::vector<Tensor> seeds = random_seeds(graph, options);
  net.run(x, seeds);
  const auto outputs = reference::forward(graph, x, 4);
  return reference::relative_error(net.gradient(), reference::backward(graph, outputs, 4, seeds[0])[0]);
}

TEST(Ties, TheGradientGoesToTheTrueMaximum) {
  EXPECT_LT(gradient_error(coarse_stem(false), true), 1e-6);
  EXPECT_LT(gradient_error(coarse_stem(true), true), 1e-6);
}

// Without the remainders rounding picks among the equals: the case above would not show anything otherwise.
TEST(Ties, RoundingWouldPickAnother) { EXPECT_GT(gradient_error(coarse_stem(true), false), 1e-3); }

} // namespace
} // namespace convscope
