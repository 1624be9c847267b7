// A convolutional network as pure data: ops, names, weights, preprocessing. No Vulkan, no file formats.
// Importers make it; shapes.h infers its shapes; the plan lowers it to kernels.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace convscope {

using NodeId = int; // index into Graph::nodes

// One image's tensor, channels first. A vector of n features is (n, 1, 1). The batch is the plan's affair.
struct Shape {
  int c = 0, h = 0, w = 0;
  std::int64_t elements() const { return std::int64_t{c} * h * w; }
  bool operator==(const Shape &) const = default;
};

struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Padding &) const = default;
};

struct Window { // of a convolution or a pool
  int kernel_h = 1, kernel_w = 1;
  int stride_h = 1, stride_w = 1;
  int dilation_h = 1, dilation_w = 1;
  Padding pad;
  bool same = false; // TensorFlow's SAME: `pad` is ignored and follows from the input's size
};

struct Input {};
struct Conv {
  int out_channels = 0, groups = 1;
  Window window;
  std::vector<float> weights; // (out_channels, in_channels / groups, kernel_h, kernel_w)
  std::vector<float> bias;    // (out_channels) or empty
};
struct Dense {
  int out_features = 0;
  std::vector<float> weights; // (out_features, in_features), in_features in the order c, h, w of the input
  std::vector<float> bias;    // (out_features) or empty
};
struct ScaleShift { // y = x * scale[c] + shift[c]; an inference-time batch normalization, as exact as its weights
  std::vector<double> scale, shift;
};
struct Relu {};
struct MaxPool {
  Window window; // padding never wins: it counts as -infinity; ties go to the first in row-major order
};
struct AvgPool {
  Window window;
  bool count_padding = false; // divide by the whole window's area, padding too
};
struct GlobalAvgPool {};
struct GlobalMaxPool {};
struct Add {}; // two or more inputs of one shape
struct ZeroPad {
  Padding pad;
};
struct Flatten {}; // (c, h, w) -> (c*h*w, 1, 1); our order is channels first
struct Softmax {}; // over channels, at every pixel

using Op = std::variant<Input, Conv, Dense, ScaleShift, Relu, MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, Add,
                        ZeroPad, Flatten, Softmax>;

struct Node {
  std::string name; // unique; the name that the net's users know, where `layer` is true
  std::string kind; // what its users call it: "Conv2D", "BatchNormalization", ... for listings
  Op op;
  std::vector<NodeId> inputs;  // all smaller than the node's own id: nodes are in topological order
  bool layer = true;           // false: an inner step of a layer, such as the convolution before its activation
  std::int64_t parameters = 0; // as the net's users count them (before folding)
};

// How a picture in RGB, 0..1, becomes the net's input: in[i] = rgb[source[i]] * scale[i] + shift[i].
struct Preprocessing {
  std::array<int, 3> source{0, 1, 2}; // 2, 1, 0 for nets trained on BGR
  std::array<float, 3> scale{1, 1, 1};
  std::array<float, 3> shift{0, 0, 0};
  std::string name = "raw"; // "torch", "tf", "caffe", "raw"
};

struct Graph {
  std::string name;        // of the model: "vgg16"
  std::vector<Node> nodes; // nodes[0] is the Input
  Preprocessing preprocessing;
  int default_size = 224;    // side of the square input that it was trained on
  NodeId logits = -1;        // the classifier's values before softmax, or -1
  NodeId probabilities = -1; // after softmax, or -1
};

} // namespace convscope
