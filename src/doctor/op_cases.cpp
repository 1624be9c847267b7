// Every op but the convolution.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "doctor/kernel_cases.h"
#include "doctor/noise.h"

namespace convscope::doctor {

namespace {

// Each op by itself on the input, and all between two ReLUs, whose gradients add up and are masked.
struct Family {
  Family(const char *group, const char *name, const Shape &input, int batch, double low = -1, double high = 1)
      : made(make_case(group, name, input, batch, coarse_noise(floats(input, batch), 11, low, high))) {
    open = push(made.graph, Relu{}, {0}, "relu");
  }
  NodeId add(Op op, std::vector<NodeId> inputs, std::string name) {
    return push(made.graph, std::move(op), std::move(inputs), std::move(name));
  }
  Family &alone(const Op &op, const std::string &name) {
    made.options.targets.push_back(add(op, {0}, name));
    return *this;
  }
  Family &between(const Op &op, const std::string &name) {
    const NodeId y = add(op, {open}, name + " of a ReLU");
    made.options.targets.push_back(add(Relu{}, {y}, name + " between ReLUs"));
    return *this;
  }
  // Where the op may give what is 0 but for rounding.
  Family &between_shifted(const Op &op, const std::string &name) {
    const NodeId y = add(op, {open}, name + " of a ReLU");
    const NodeId shifted = add(Unary{Function::linear, 1, -0.0137F}, {y}, name + ", shifted");
    made.options.targets.push_back(add(Relu{}, {shifted}, name + " between ReLUs"));
    return *this;
  }
  Family &both(const Op &op, const std::string &name) { return alone(op, name).between(op, name); }
  Family &target(NodeId node) {
    made.options.targets.push_back(node);
    return *this;
  }
  Family &exact() {
    made.options.exact_decisions = true;
    return *this;
  }

  KernelCase made;
  NodeId open;
};

Dense coarse_dense(int in, int out, unsigned seed) {
  Dense dense{out, coarse_noise(static_cast<std::size_t>(in) * static_cast<std::size_t>(out), seed, -0.25, 0.25),
              coarse_noise(static_cast<std::size_t>(out), seed + 1, -0.25, 0.25)};
  for (float &value : dense.bias.own())
    value += 1.0F / 2048;
  return dense;
}

ScaleShift scales(int channels) {
  ScaleShift op;
  for (int c = 0; c < channels; ++c) {
    op.scale.push_back(0.5 + c % 7 * 0.125);
    op.shift.push_back(c % 5 * 0.125 - 0.25 + 1.0 / 2048);
  }
  return op;
}

constexpr Window pool_window{3, 2, 2, 2, 1, 1, {1, 0, 1, 1}};
constexpr Window ceil_window{3, 3, 2, 2, 1, 1, {0, 0, 0, 0}, false, false, true};
const Window large_window = square_window(7, 3, 3);

Family pools(const char *group) {
  Family family(group, "pools", {37, 13, 16}, 2);
  family.both(MaxPool{pool_window}, "max").alone(MaxPool{ceil_window}, "max, ceil");
  const NodeId zeros = family.add(ZeroPad{{1, 0, 1, 1}}, {0}, "zeros");
  family.target(family.add(MaxPool{square_window(3, 2)}, {zeros}, "max among zeros"));
  return family.alone(MaxPool{large_window}, "max 7x7").both(AvgPool{pool_window, true}, "average");
}

Family functions(const char *group) {
  Family family(group, "functions", {5, 5, 7}, 2, -3, 3);
  const std::vector<std::pair<const char *, Unary>> rows = {
      {"leaky ReLU", {Function::leaky_relu, 0.2F, 0}},
      {"ELU", {Function::elu, 1.5F, 0}},
      {"SELU", {Function::selu, 1.67F, 1.05F}},
      {"CELU", {Function::celu, 0.7F, 0}},
      {"thresholded", {Function::thresholded, 0.53F, 0}},
      {"sigmoid", {Function::sigmoid}},
      {"hard sigmoid", {Function::hard_sigmoid, 0.21F, 0.5F}},
      {"hard swish", {Function::hard_swish, 0.17F, 0.5F}},
      {"SiLU", {Function::silu}},
      {"GELU", {Function::gelu}},
      {"GELU by tanh", {Function::gelu_tanh}},
      {"Mish", {Function::mish}},
      {"tanh", {Function::tanh}},
      {"softplus", {Function::softplus}},
      {"softsign", {Function::softsign}},
      {"erf", {Function::erf}},
      {"exp", {Function::exp}},
      {"abs", {Function::abs}},
      {"cube", {Function::power, 3, 0}},
      {"clip", {Function::clip, -0.51F, 1.01F}},
      {"round", {Function::round, 1.3F}},
      {"linear", {Function::linear, -2, 3}},
  };
  for (const auto &[name, op] : rows)
    family.alone(op, name);
  return family.between(Unary{Function::tanh}, "tanh");
}

Family positive_functions(const char *group) {
  Family family(group, "functions of positive numbers", {5, 5, 7}, 2, 0.2, 3);
  return family.alone(Unary{Function::log}, "log")
      .alone(Unary{Function::sqrt}, "sqrt")
      .alone(Unary{Function::reciprocal}, "reciprocal")
      .alone(Unary{Function::power, -1.75F, 0}, "power");
}

Family arithmetic(const char *group) {
  Family family(group, "arithmetic of two", {6, 5, 7}, 2, 0.25, 2);
  const NodeId means = family.add(Reduce{Reduction::mean, {false, true, true}}, {0}, "means");
  const NodeId other = family.add(Unary{Function::linear, -1, 2.52F}, {0}, "other");
  constexpr std::array names{"add", "subtract", "multiply", "divide", "maximum", "minimum", "power"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Binary op{static_cast<Arithmetic>(i)};
    family.target(family.add(op, {0, other}, names[i]));
    family.target(family.add(op, {0, means}, std::string(names[i]) + ", repeated"));
  }
  const NodeId product = family.add(Binary{Arithmetic::multiply}, {family.open, other}, "product");
  return family.target(family.add(Relu{}, {product}, "product between ReLUs"));
}

Family reductions(const char *group) {
  Family family(group, "reductions", {6, 5, 19}, 2, -2, 2);
  constexpr std::array names{"mean", "sum", "max", "min", "L1", "L2", "sum of squares"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    family.alone(Reduce{static_cast<Reduction>(i), {false, true, true}}, std::string(names[i]) + " of maps");
    family.alone(Reduce{static_cast<Reduction>(i), {true, false, false}}, std::string(names[i]) + " of channels");
  }
  return family.between(Reduce{Reduction::mean, {false, false, true}}, "mean of rows");
}

Family norms(const char *group) {
  Family family(group, "normalizations", {12, 5, 7}, 2);
  return family.alone(Normalize{{true, false, false}, 1, 1e-2}, "of channels")
      .between_shifted(Normalize{{true, false, false}, 1, 1e-2}, "of channels")
      .alone(Normalize{{false, true, true}, 1, 1e-5}, "of maps")
      .alone(Normalize{{true, true, true}, 3, 1e-5}, "of groups")
      .both(Softmax{Axis::c, false}, "softmax")
      .alone(Softmax{Axis::w, true}, "logarithm of softmax")
      .both(Lrn{5, 0.5F, 0.75F, 2}, "local response");
}

Family moves(const char *group) {
  Family family(group, "moves", {8, 6, 10}, 2);
  family.both(Transpose{{Axis::w, Axis::c, Axis::h}}, "transpose")
      .alone(ChannelShuffle{4}, "channel shuffle")
      .alone(DepthToSpace{2, true}, "depth to space")
      .alone(SpaceToDepth{2}, "space to depth")
      .alone(ZeroPad{{1, -2, 3, 2}}, "zeros around")
      .alone(Slice{Axis::h, 1, 6, 2}, "slice")
      .alone(Slice{Axis::w, -1, std::numeric_limits<int>::min(), -3}, "slice, backwards");
  for (const auto &[name, mode] : {std::pair{"reflected border", PadMode::reflect},
                                   {"repeated border", PadMode::edge},
                                   {"wrapped border", PadMode::wrap}}) {
    Pad pad;
    pad.mode = mode;
    pad.pad = {2, 1, 3, 2};
    family.alone(pad, name);
  }
  for (const auto &[name, mode] :
       {std::pair{"nearest", ResizeMode::nearest}, {"linear", ResizeMode::linear}, {"cubic", ResizeMode::cubic}}) {
    Resize resize;
    resize.mode = mode;
    resize.out_h = 11;
    resize.out_w = 7;
    family.alone(resize, std::string("resized, ") + name);
  }
  const NodeId part = family.add(Slice{Axis::c, 1, 4}, {family.open}, "part");
  return family.target(family.add(Concat{Axis::c}, {family.open, part, 0}, "joined"));
}

Family layers(const char *group) {
  Family family(group, "layers", {35, 4, 5}, 2);
  family.both(scales(35), "scale and shift").alone(Relu{0.53F}, "ReLU with a ceiling");
  PRelu slopes;
  slopes.slopes = noise(35, 3, 0.1, 0.4);
  family.alone(slopes, "PReLU");
  const NodeId dense = family.add(coarse_dense(700, 37, 21), {family.open}, "dense");
  family.target(family.add(Relu{}, {dense}, "dense and ReLU"));
  family.alone(coarse_dense(700, 5, 23), "dense alone");
  const NodeId scaled = family.add(scales(35), {0}, "scaled");
  const NodeId sum = family.add(Add{}, {family.open, scaled, 0}, "sum");
  return family.target(sum).target(family.add(Relu{}, {sum}, "sum and ReLU"));
}

// ReLUs whose input is an op's value: half of what passes hangs on the op's value in double.
KernelCase decisions() {
  Family family("decisions in double", "ReLUs behind ops", {12, 6, 8}, 2);
  family.exact();
  family.between(coarse_conv(12, 10, square_window(3, 1, 1), 31), "convolution")
      .between(coarse_dense(576, 33, 33), "dense")
      .between(scales(12), "scale and shift")
      .between(Unary{Function::linear, 1, -0.26F}, "linear")
      .between_shifted(Normalize{{true, false, false}, 1, 1e-2}, "normalization")
      .between(Lrn{5, 0.5F, 0.75F, 2}, "local response")
      .between(Transpose{{Axis::w, Axis::c, Axis::h}}, "transpose")
      .between(AvgPool{pool_window, true}, "average pool")
      .between(MaxPool{pool_window}, "max pool");
  const auto minus = [&](const Op &op, const char *name) { // 0.26 less than a positive value
    const NodeId y = family.add(op, {family.open}, std::string(name) + " of a ReLU");
    const NodeId less = family.add(Unary{Function::linear, 1, -0.26F}, {y}, std::string(name) + ", less");
    family.target(family.add(Relu{}, {less}, std::string(name) + " between ReLUs"));
  };
  minus(Softmax{Axis::w, false}, "softmax");
  minus(Reduce{Reduction::mean, {false, false, true}}, "mean of rows");
  Resize resize;
  resize.mode = ResizeMode::linear;
  resize.out_h = 9;
  resize.out_w = 5;
  minus(resize, "resize");
  const NodeId product = family.add(Binary{Arithmetic::subtract}, {family.open, 0}, "difference");
  family.target(family.add(Relu{}, {product}, "difference and ReLU"));
  const NodeId sum = family.add(Add{}, {family.open, family.add(scales(12), {0}, "scaled")}, "sum");
  family.target(family.add(Relu{}, {sum}, "sum and ReLU"));
  return family.made;
}

} // namespace

std::vector<KernelCase> op_cases() {
  return {pools("op").made,      functions("op").made,  positive_functions("op").made,
          arithmetic("op").made, reductions("op").made, norms("op").made,
          moves("op").made,      layers("op").made};
}

std::vector<KernelCase> exact_cases() { return {decisions()}; }

} // namespace convscope::doctor
