// A convolutional network as pure data: ops, names, weights, preprocessing. No Vulkan, no file formats.
// Importers make it; shapes.h infers its shapes; the plan lowers it to kernels.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "base/floats.h"
#include "base/size.h"

namespace convscope {

using NodeId = int; // index into Graph::nodes

enum class Axis { c, h, w };
struct Axes {
  bool c = false, h = false, w = false;
  bool operator==(const Axes &) const = default;
};

// One image's tensor, channels first. A vector of n features is (n, 1, 1). The batch is the plan's affair.
struct Shape {
  int c = 0, h = 0, w = 0;
  std::int64_t elements() const { return std::int64_t{c} * h * w; }
  int &side(Axis axis) { return axis == Axis::c ? c : axis == Axis::h ? h : w; }
  int side(Axis axis) const { return axis == Axis::c ? c : axis == Axis::h ? h : w; }
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
  bool same = false;       // TensorFlow's SAME: `pad` is ignored and follows from the input's size
  bool same_lower = false; // with `same`: the odd pixel of padding comes first (ONNX's SAME_LOWER)
  bool ceil = false;       // a pool's last window may begin inside and end outside of the padded input
  bool operator==(const Window &) const = default;
};

struct Input {
  bool operator==(const Input &) const = default;
};
struct Constant { // no inputs; the same for every image
  Shape shape;
  Floats values;
  bool operator==(const Constant &) const = default;
};

// ---- With weights ----
struct Conv {
  int out_channels = 0, groups = 1;
  Window window;
  Floats weights; // (out_channels, in_channels / groups, kernel_h, kernel_w)
  Floats bias;    // (out_channels) or empty
  bool operator==(const Conv &) const = default;
};
struct ConvTranspose { // the adjoint of a Conv with this window, plus a bias
  int out_channels = 0, groups = 1;
  Window window;                          // `same`: the output is stride times the input
  int output_pad_h = 0, output_pad_w = 0; // rows and columns more, at the end
  Floats weights;                         // (in_channels, out_channels / groups, kernel_h, kernel_w)
  Floats bias;                            // (out_channels) or empty
  bool operator==(const ConvTranspose &) const = default;
};
struct Dense {
  int out_features = 0;
  Floats weights; // (out_features, in_features), in_features in the order c, h, w of the input
  Floats bias;    // (out_features) or empty
  bool operator==(const Dense &) const = default;
};
struct ScaleShift { // y = x * scale[c] + shift[c]; an inference-time batch normalization, as exact as its weights
  std::vector<double> scale, shift;
  bool operator==(const ScaleShift &) const = default;
};

// ---- On single elements ----
struct Relu {
  float ceiling = std::numeric_limits<float>::infinity(); // 6 in mobile nets; no gradient there and above
  bool operator==(const Relu &) const = default;
};
struct PRelu {
  Floats slopes; // (c), of negative values
  bool operator==(const PRelu &) const = default;
};
enum class Function {
  leaky_relu,   // x < 0 ? a x : x
  elu,          // x < 0 ? a (e^x - 1) : x
  selu,         // b (x < 0 ? a (e^x - 1) : x)
  celu,         // x < 0 ? a (e^(x / a) - 1) : x
  thresholded,  // x > a ? x : 0
  sigmoid,      // 1 / (1 + e^-x)
  hard_sigmoid, // clamp(a x + b, 0, 1)
  hard_swish,   // x clamp(a x + b, 0, 1)
  silu,         // x sigmoid(x)
  gelu,         // x (1 + erf(x / sqrt 2)) / 2
  gelu_tanh,    // its approximation by tanh
  mish,         // x tanh(softplus(x))
  tanh,
  softplus, // log(1 + e^x)
  softsign, // x / (1 + |x|)
  erf,
  exp,
  log,
  sqrt,
  reciprocal,
  abs,
  power,  // x^a
  clip,   // clamp(x, a, b); the gradient passes strictly between
  round,  // a x to the nearest integer, halves to the even one; the gradient is that of a x
  linear, // a x + b
};
struct Unary {
  Function function = Function::linear;
  float a = 1, b = 0;
  bool operator==(const Unary &) const = default;
};
enum class Arithmetic { add, subtract, multiply, divide, maximum, minimum, power };
struct Binary { // two inputs; on each axis they are as long as each other, or one is 1 long and is repeated
  Arithmetic arithmetic = Arithmetic::add;
  bool operator==(const Binary &) const = default;
};
struct Add {
  bool operator==(const Add &) const = default;
}; // two or more inputs of one shape

// ---- Over windows, axes, all ----
struct MaxPool {
  Window window; // padding never wins; a window of padding alone gives 0; ties go to the first in row-major order
  bool operator==(const MaxPool &) const = default;
};
struct AvgPool {
  Window window;
  bool count_padding = false; // divide by the window's area within the padded input, padding too
  bool operator==(const AvgPool &) const = default;
};
struct GlobalAvgPool {
  bool operator==(const GlobalAvgPool &) const = default;
};
struct GlobalMaxPool {
  bool operator==(const GlobalMaxPool &) const = default;
};
enum class Reduction { mean, sum, max, min, l1, l2, sum_square };
struct Reduce { // each reduced axis becomes 1 long
  Reduction reduction = Reduction::mean;
  Axes axes;
  bool operator==(const Reduce &) const = default;
};
struct Softmax { // along an axis
  Axis axis = Axis::c;
  bool log = false; // its logarithm
  bool operator==(const Softmax &) const = default;
};
struct Normalize { // y = (x - mean) / sqrt(variance + epsilon), both over the axes; what scales it is a node of its own
  Axes axes;       // c: layer normalization at each pixel; h, w: instance; all three: group (or layer) normalization
  int groups = 1;  // of channels, where all three axes are reduced
  double epsilon = 1e-5;
  bool operator==(const Normalize &) const = default;
};
struct Lrn { // y = x / (bias + alpha / size * sum of the squares of `size` channels around)^beta
  int size = 5;
  float alpha = 1e-4F, beta = 0.75F, bias = 1;
  bool operator==(const Lrn &) const = default;
};

// ---- Moving elements ----
struct ZeroPad {
  Padding pad; // negative crops
  bool operator==(const ZeroPad &) const = default;
};
enum class PadMode { constant, reflect, edge, wrap };
struct Pad { // what ZeroPad can't
  PadMode mode = PadMode::constant;
  float value = 0;                             // of constant
  Padding pad;                                 // negative crops
  int channels_before = 0, channels_after = 0; // negative crops
  bool operator==(const Pad &) const = default;
};
struct Concat {
  Axis axis = Axis::c;
  bool operator==(const Concat &) const = default;
};
struct Slice { // begin, begin + step, ... up to but without end, along one axis
  Axis axis = Axis::c;
  int begin = 0, end = std::numeric_limits<int>::max(); // negative: from the end; clamped as Python's slices are
  int step = 1;   // negative: backwards, to the first where `end` is below -length
  int middle = 0; // where not 0, in place of all that: so many in the middle, and of those beside it the odd one after
  bool operator==(const Slice &) const = default;
};
enum class ResizeMode { nearest, linear, cubic };
enum class ResizeCoordinates { half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric };
enum class NearestRounding { prefer_floor, prefer_ceil, floor, ceil };
struct Resize { // ONNX's Resize over h and w, without antialiasing
  ResizeMode mode = ResizeMode::nearest;
  ResizeCoordinates coordinates = ResizeCoordinates::half_pixel;
  NearestRounding rounding = NearestRounding::prefer_floor;
  float cubic_a = -0.75F;
  bool exclude_outside = false;    // cubic: taps outside have no weight, and the others' sum is 1
  double scale_h = 1, scale_w = 1; // out = floor(in * scale)
  int out_h = 0, out_w = 0;        // instead of the scales, where not 0
  bool operator==(const Resize &) const = default;
};
struct DepthToSpace {
  int block = 2;
  bool depth_first = true; // channel = (dy * block + dx) * out_c + c (ONNX's DCR, TensorFlow's); else c first (CRD)
  bool operator==(const DepthToSpace &) const = default;
};
struct SpaceToDepth { // channel = (dy * block + dx) * in_c + c
  int block = 2;
  bool operator==(const SpaceToDepth &) const = default;
};
struct ChannelShuffle { // channel i * groups + g comes from channel g * (c / groups) + i
  int groups = 1;
  bool operator==(const ChannelShuffle &) const = default;
};
struct Transpose { // axis i of the output is axis order[i] of the input
  std::array<Axis, 3> order{Axis::c, Axis::h, Axis::w};
  bool operator==(const Transpose &) const = default;
};
struct Flatten {
  bool operator==(const Flatten &) const = default;
};               // (c, h, w) -> (c*h*w, 1, 1); our order is channels first
struct Reshape { // the same elements in the same order
  Shape shape;   // one of its sides may be -1: what the others leave
  bool operator==(const Reshape &) const = default;
};
struct Identity {
  bool operator==(const Identity &) const = default;
}; // dropout, casts: a name for the same values

// What an importer could not take over. Layers that don't depend on it still work.
struct Unsupported {
  std::string reason; // "op 'Attention' is not supported"
  bool operator==(const Unsupported &) const = default;
};

using Op = std::variant<Input, Constant, Conv, ConvTranspose, Dense, ScaleShift, Relu, PRelu, Unary, Binary, Add,
                        MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, Reduce, Softmax, Normalize, Lrn, ZeroPad, Pad,
                        Concat, Slice, Resize, DepthToSpace, SpaceToDepth, ChannelShuffle, Transpose, Flatten, Reshape,
                        Identity, Unsupported>;

struct Node {
  std::string name; // unique; the name that the net's users know, where `layer` is true
  std::string kind; // what its users call it: "Conv2D", "BatchNormalization", ... for listings
  Op op;
  std::vector<NodeId> inputs;         // all smaller than the node's own id: nodes are in topological order
  bool layer = true;                  // false: an inner step of a layer, such as the convolution before its activation
  std::int64_t parameters = 0;        // as the net's users count them (before folding)
  std::vector<std::string> aliases{}; // other names by which it is found: its outputs' in an ONNX file
  // What tells it from the node of this name of the same net at other sizes of the input, where they differ:
  // "@140x140".
  std::string variant{};
  // Where it has only some of its channels (narrowing.h): how many the net's has, by which kernels are chosen; else 0.
  int channels_of_net = 0;
};

// How a picture becomes the net's input: in[i] = picture[source[i]] * scale[i] + shift[i]. Both have the C planes of
// the net's input, the picture's of 0..1: its luma where C is 1, red, green and blue where it is 3, else what the net's
// users know.
struct Preprocessing {
  std::vector<int> source{0, 1, 2}; // 2, 1, 0 for nets trained on BGR
  std::vector<float> scale{1, 1, 1};
  std::vector<float> shift{0, 0, 0};
  std::string name = "raw"; // "torch", "tf", "caffe", ...; "raw" is also what an importer leaves that knows none
  int channels() const { return static_cast<int>(source.size()); }
  bool operator==(const Preprocessing &) const = default;
};

struct Graph {
  std::string name;        // of the model: "vgg16"
  std::vector<Node> nodes; // nodes[0] is the Input
  Preprocessing preprocessing;
  Shape input{3, 224, 224};       // that it was trained on, or that its file declares
  std::vector<std::string> notes; // what its importer took for granted, for the user
  NodeId logits = -1;             // the classifier's values before softmax, or -1
  NodeId probabilities = -1;      // after softmax, or -1

  Size size() const { return {input.w, input.h}; }
  Shape input_of(Size size) const { return {input.c, size.height, size.width}; } // its input at another size
};

} // namespace convscope
