#include "importer/onnx/patterns.h"

#include <cmath>

namespace convscope::onnx_import {

namespace {

// float32's rounding of a constant, and of one step to it: a file's own 0.1667 is not 1/6.
bool near(double a, double b) { return std::abs(a - b) <= 1e-6 * std::abs(b); }

const Node &node_of(const Step &step, NodeId id) { return step.graph().nodes[static_cast<std::size_t>(id)]; }
NodeId input_of(const Step &step, NodeId id, std::size_t i = 0) { return node_of(step, id).inputs[i]; }

const Unary *unary_of(const Step &step, NodeId id, Function function) {
  const auto *op = std::get_if<Unary>(&node_of(step, id).op);
  return op != nullptr && op->function == function ? op : nullptr;
}

bool is_binary(const Step &step, NodeId id, Arithmetic arithmetic) {
  const auto *op = std::get_if<Binary>(&node_of(step, id).op);
  return op != nullptr && op->arithmetic == arithmetic;
}

// x = scale * y
struct Scaled {
  NodeId y;
  double scale;
};
Scaled scaled(const Step &step, NodeId x) {
  if (const Unary *op = unary_of(step, x, Function::linear); op != nullptr && op->b == 0)
    return {input_of(step, x), op->a};
  return {x, 1};
}

// clamp(y + 3, 0, 6): the y, or -1.
NodeId relu6_of_shifted(const Step &step, NodeId x) {
  const Node &node = node_of(step, x);
  const auto *relu = std::get_if<Relu>(&node.op);
  const Unary *clip = unary_of(step, x, Function::clip);
  if ((relu == nullptr || relu->ceiling != 6) && (clip == nullptr || clip->a != 0 || clip->b != 6))
    return -1;
  const Unary *shift = unary_of(step, node.inputs[0], Function::linear);
  return shift != nullptr && shift->a == 1 && shift->b == 3 ? input_of(step, node.inputs[0]) : -1;
}

// x times a gate that is a function of x.
std::optional<Unary> gated(const Step &step, NodeId x, NodeId gate) {
  const Node &node = node_of(step, gate);
  if (node.inputs.size() != 1)
    return {};
  const bool of_x = node.inputs[0] == x;
  if (unary_of(step, gate, Function::sigmoid) != nullptr && of_x)
    return Unary{Function::silu};
  if (const Unary *op = unary_of(step, gate, Function::hard_sigmoid); op != nullptr && of_x)
    return Unary{Function::hard_swish, op->a, op->b};
  if (unary_of(step, gate, Function::tanh) != nullptr) {
    const NodeId inner = node.inputs[0];
    if (unary_of(step, inner, Function::softplus) != nullptr && input_of(step, inner) == x)
      return Unary{Function::mish};
  }
  return {};
}

// gate = 1 + erf(x / sqrt 2), and scale the rest of GELU's factor of one half.
bool is_gelu(const Step &step, NodeId x, NodeId gate, double scale) {
  const Unary *shift = unary_of(step, gate, Function::linear);
  if (shift == nullptr || !near(scale * shift->b, 0.5) || !near(scale * shift->a, 0.5))
    return false;
  const NodeId erf = input_of(step, gate);
  if (unary_of(step, erf, Function::erf) == nullptr)
    return false;
  const Scaled inside = scaled(step, input_of(step, erf));
  return inside.y == x && near(inside.scale, std::sqrt(0.5));
}

// a * b * scale is GELU of what this gives, or -1.
NodeId gelu_of_product(const Step &step, NodeId a, NodeId b, double scale) {
  for (const auto &[factor, gate] : {std::pair{a, b}, std::pair{b, a}}) {
    if (is_gelu(step, factor, gate, scale))
      return factor;
    if (const Scaled x = scaled(step, factor); is_gelu(step, x.y, gate, scale * x.scale))
      return x.y;
  }
  return -1;
}

const Reduce *mean_of(const Step &step, NodeId id, Axes &axes) {
  const Node &node = node_of(step, id);
  if (std::holds_alternative<GlobalAvgPool>(node.op)) {
    static const Reduce over_space{Reduction::mean, {false, true, true}};
    axes = over_space.axes;
    return &over_space;
  }
  const auto *op = std::get_if<Reduce>(&node.op);
  if (op == nullptr || op->reduction != Reduction::mean)
    return nullptr;
  axes = op->axes;
  return op;
}

bool same_axes(const Axes &a, const Axes &b) { return a.c == b.c && a.h == b.h && a.w == b.w; }

// sqrt(mean of the squares of `centred` + epsilon): sets the axes and epsilon.
bool is_deviation(const Step &step, NodeId id, NodeId centred, Axes &axes, double &epsilon) {
  if (unary_of(step, id, Function::sqrt) == nullptr)
    return false;
  const Unary *shift = unary_of(step, input_of(step, id), Function::linear);
  if (shift == nullptr || shift->a != 1)
    return false;
  epsilon = shift->b;
  const NodeId mean = input_of(step, input_of(step, id));
  if (mean_of(step, mean, axes) == nullptr)
    return false;
  const NodeId square = input_of(step, mean);
  if (const Unary *power = unary_of(step, square, Function::power); power != nullptr && power->a == 2)
    return input_of(step, square) == centred;
  return is_binary(step, square, Arithmetic::multiply) && input_of(step, square, 0) == centred &&
         input_of(step, square, 1) == centred;
}

// (x - mean x) / deviation
std::optional<NodeId> normalization(Step &step, NodeId centred, NodeId deviation) {
  Axes axes, mean_axes;
  double epsilon = 0;
  if (!is_binary(step, centred, Arithmetic::subtract) || !is_deviation(step, deviation, centred, axes, epsilon))
    return {};
  const NodeId x = input_of(step, centred, 0), mean = input_of(step, centred, 1);
  if (mean_of(step, mean, mean_axes) == nullptr || input_of(step, mean) != x || !same_axes(axes, mean_axes))
    return {};
  const bool layer = axes.c && !axes.h && !axes.w, space = axes.h && axes.w;
  if (!layer && !space)
    return {};
  return step.add(Normalize{axes, 1, epsilon}, {x});
}

} // namespace

std::optional<NodeId> linear_pattern(Step &step, NodeId x, double scale, double shift) {
  if (shift != 0)
    return {};
  if (near(scale, 1.0 / 6))
    if (const NodeId y = relu6_of_shifted(step, x); y >= 0)
      return step.add(Unary{Function::hard_sigmoid, 1.F / 6, 0.5F}, {y});
  if (!is_binary(step, x, Arithmetic::multiply))
    return {};
  const NodeId a = input_of(step, x, 0), b = input_of(step, x, 1);
  if (near(scale, 1.0 / 6) && relu6_of_shifted(step, b) == a)
    return step.add(Unary{Function::hard_swish, 1.F / 6, 0.5F}, {a});
  if (near(scale, 1.0 / 6) && relu6_of_shifted(step, a) == b)
    return step.add(Unary{Function::hard_swish, 1.F / 6, 0.5F}, {b});
  if (const NodeId y = gelu_of_product(step, a, b, scale); y >= 0)
    return step.add(Unary{Function::gelu}, {y});
  return {};
}

std::optional<NodeId> binary_pattern(Step &step, Arithmetic arithmetic, NodeId a, NodeId b) {
  if (arithmetic == Arithmetic::divide)
    return normalization(step, a, b);
  if (arithmetic != Arithmetic::multiply)
    return {};
  for (const auto &[x, gate] : {std::pair{a, b}, std::pair{b, a}}) {
    if (const std::optional<Unary> op = gated(step, x, gate))
      return step.add(*op, {x});
    if (unary_of(step, gate, Function::reciprocal) != nullptr)
      if (const std::optional<NodeId> id = normalization(step, x, input_of(step, gate)))
        return id;
  }
  if (const NodeId y = gelu_of_product(step, a, b, 1); y >= 0)
    return step.add(Unary{Function::gelu}, {y});
  return {};
}

} // namespace convscope::onnx_import
