// A small net with a branch and a classifier, for tests that need one at hand.
#pragma once

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope {

// The same for inputs of any number of planes, whose preprocessing turns them about. layers: input, conv1 (6 channels,
// after its ReLU), pool1, block/conv-2 (5), add.3 (6), flat, dense (4 logits); the head takes inputs of 12x10.
inline Graph toy_net(int planes = 3) {
  Graph graph;
  graph.name = "toy";
  const auto push = [&](const char *name, Op op, std::vector<NodeId> inputs, bool layer = true) {
    graph.nodes.push_back({name, "", std::move(op), std::move(inputs), layer, 0});
    return static_cast<NodeId>(graph.nodes.size()) - 1;
  };
  const auto conv = [](int in_c, int out_c, unsigned seed) {
    Window window;
    window.kernel_h = window.kernel_w = 3;
    window.pad = {1, 1, 1, 1};
    return Conv{out_c, 1, window, reference::random_floats(std::size_t(in_c * out_c * 9), seed, -0.5, 0.5),
                reference::random_floats(std::size_t(out_c), seed + 1, -0.1, 0.3)};
  };
  Window halves;
  halves.kernel_h = halves.kernel_w = halves.stride_h = halves.stride_w = 2;
  const NodeId input = push("input", Input{}, {});
  const NodeId stem = push("conv1/pre", conv(planes, 6, 1), {input}, false);
  const NodeId conv1 = push("conv1", Relu{}, {stem});
  const NodeId pool = push("pool1", MaxPool{halves}, {conv1});
  push("block/conv-2", conv(6, 5, 3), {pool});
  const NodeId branch = push("conv3", conv(6, 6, 5), {pool});
  const NodeId sum = push("add.3", Add{}, {branch, pool});
  const NodeId flat = push("flat", Flatten{}, {sum});
  graph.logits = push("dense", Dense{4, reference::random_floats(4 * 6 * 30, 7, -0.2, 0.2), {}}, {flat});
  graph.preprocessing = {{2, 1, 0}, {2, 2.5F, 1.5F}, {-1, -0.5F, -0.75F}, "toy"};
  if (planes != 3) {
    Preprocessing &by = graph.preprocessing = {{}, {}, {}, "toy"};
    for (int c = 0; c < planes; ++c) {
      by.source.push_back((c + 1) % planes);
      by.scale.push_back(2 + 0.25F * static_cast<float>(c % 3));
      by.shift.push_back(-1 + 0.125F * static_cast<float>(c % 5));
    }
    graph.input.c = planes;
    graph.nodes[static_cast<std::size_t>(stem)].variant = "@" + std::to_string(planes); // it has weights of its own
  }
  return graph;
}

} // namespace convscope
