// The zoo's architectures: graphs without weights, and the slots that a weights file fills.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace convscope {

enum class WeightKind { conv, dense, batch_norm };

// One layer's weights. A file names it by `layer`; they go to the op of `node`, which may be an inner step.
struct WeightSlot {
  std::string layer;
  WeightKind kind;
  NodeId node = 0;
  int in = 0, out = 0; // channels or features; a batch normalization has in == out
  int kernel_h = 1, kernel_w = 1;
  bool bias = true;
  Shape flattened;    // Dense after Flatten: the map that was flattened; else empty
  double epsilon = 0; // of a batch normalization
};

struct Architecture {
  Graph graph;
  std::vector<WeightSlot> slots; // in the order of the layers
};

// `classes` 0: without the classifier (Keras's include_top=False).
Architecture make_vgg16(int classes);
Architecture make_alexnet();
Architecture make_resnet50v2(int classes);

// By zoo name; alexnet has no classifier. The name must be one of architecture_names().
Architecture make_architecture(std::string_view name, int classes);
const std::vector<std::string> &architecture_names();

// Fills a slot from tensors in the graph's layout and finite: kernel (out, in, h, w) or (out, in), then the bias if
// the slot has one; for a batch normalization gamma, beta, mean, variance.
void fill_slot(Graph &graph, const WeightSlot &slot, std::vector<std::vector<float>> tensors);

} // namespace convscope
