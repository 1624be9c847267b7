// Quantization: a quantized map holds its integers as they are in the file, as floats. The gradient goes through the
// rounding as if there were none, and stops where a value is at an end of the type's range.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "importer/onnx/elementwise.h"
#include "importer/onnx/ops.h"

namespace convscope::onnx_import {

namespace {

using onnx::TensorProto;

// What a quantized value's elements hold.
IntegerRange range_of(Step &step, ElementType type) {
  if (is_real(type) || type == ElementType::boolean || integer_range(type).high > 65535)
    step.unsupported("quantizes to a type other than int8, uint8, int16, uint16 and those of 4 bits");
  return integer_range(type);
}

// Of QuantizeLinear's output: its zero point's, or what it says, or uint8.
ElementType quantized_type(Step &step) {
  if (step.has(2))
    return step.constant(2, "zero points").type;
  const auto given = static_cast<int>(step.attributes().integer("output_dtype", TensorProto::UNDEFINED));
  if (given == TensorProto::UNDEFINED)
    return ElementType::uint8;
  const std::optional<ElementType> type = element_type(given);
  if (!type)
    step.unsupported("quantizes to a type that can't be read");
  return *type;
}

// Scales and zero points: one of each, or one for each index of a dimension (for each run of `block` indices, of the
// other dimensions' too).
struct Steps {
  const Tensor &scale;
  const Tensor *zero = nullptr;
  int dimension = -1; // of one each: -1
  std::int64_t block = 0;

  double scale_at(std::int64_t i) const { return scale.at(scale.elements() == 1 ? 0 : i); }
  double zero_at(std::int64_t i) const { return zero == nullptr ? 0 : zero->at(zero->elements() == 1 ? 0 : i); }
};

// Of a value of these dimensions.
Steps steps_of(Step &step, const Dims &dims) {
  Steps steps{step.constant(1, "scales")};
  if (step.has(2))
    steps.zero = &step.constant(2, "zero points");
  const auto count = std::max(steps.scale.elements(), steps.zero == nullptr ? 1 : steps.zero->elements());
  for (const Tensor *each : {&steps.scale, steps.zero})
    if (each != nullptr && (each->elements() < 1 || (each->elements() != 1 && each->elements() != count)))
      step.fail(fmt::format("has {} scales and {} zero points", steps.scale.elements(),
                            steps.zero == nullptr ? 0 : steps.zero->elements()));
  for (std::int64_t i = 0; i < count; ++i)
    if (!(steps.scale_at(i) > 0) || !std::isfinite(1 / steps.scale_at(i)) || !std::isfinite(steps.scale_at(i)))
      step.fail(fmt::format("has a scale of {}", steps.scale_at(i)));
  if (count == 1)
    return steps;
  steps.dimension = step.dimension(step.attributes().integer("axis", 1), static_cast<int>(dims.size()));
  steps.block = step.attributes().integer("block_size", 0);
  Dims needed{dims[static_cast<std::size_t>(steps.dimension)]};
  if (steps.block > 0) {
    needed = dims;
    std::int64_t &length = needed[static_cast<std::size_t>(steps.dimension)];
    length = (length - 1) / steps.block + 1;
  }
  if (steps.block < 0 || element_count(needed) != count)
    step.misfit(fmt::format("has {} scales for a value of {}", count, dims_text(dims)));
  return steps;
}

// x * scale + shift, each one number or one an index of the dimension.
NodeId scaled(Step &step, const Value &x, const Steps &steps, const std::vector<double> &scale,
              const std::vector<double> &shift) {
  if (steps.dimension < 0)
    return scale[0] == 1 && shift[0] == 0
               ? x.node
               : unary(step, x.node, Function::linear, static_cast<float>(scale[0]), static_cast<float>(shift[0]));
  if (steps.block > 0 || x.view[static_cast<std::size_t>(steps.dimension)] != whole(Side::c, step.sides(x.node)))
    step.unsupported("has scales for other parts of a map than its channels");
  return scale_shift(step, x.node, scale, shift);
}

std::vector<double> each(const Steps &steps, double (*of)(double scale, double zero)) {
  std::vector<double> values;
  const std::int64_t count =
      steps.dimension < 0 ? 1 : std::max(steps.scale.elements(), steps.zero == nullptr ? 1 : steps.zero->elements());
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(of(steps.scale_at(i), steps.zero_at(i)));
  return values;
}

double none(double, double) { return 0; }
double one(double, double) { return 1; }

// The map that was quantized by the same steps, before the zero point was added to it; else -1.
NodeId before_zero_point(const Step &step, NodeId x, double zero) {
  const Node &node = step.graph().nodes[static_cast<std::size_t>(x)];
  const auto *shift = std::get_if<Unary>(&node.op);
  return shift != nullptr && shift->function == Function::linear && shift->a == 1 &&
                 static_cast<double>(shift->b) == zero
             ? node.inputs[0]
             : -1;
}

} // namespace

void quantize(Step &step) {
  const ElementType type = quantized_type(step);
  const IntegerRange range = range_of(step, type);
  const auto low = static_cast<double>(range.low), high = static_cast<double>(range.high);
  const Steps steps = steps_of(step, step.dims(0));
  Value &x = step.map();
  const View view = x.view;
  const auto clip = [&](NodeId node, double zero) {
    return unary(step, node, Function::clip, static_cast<float>(low - zero), static_cast<float>(high - zero));
  };
  if (steps.dimension < 0) {
    const double scale = steps.scale_at(0), zero = steps.zero_at(0);
    Value levels{Value::Kind::map, {}, nullptr, -1, view};
    levels.node = clip(unary(step, x.node, Function::round, static_cast<float>(1 / scale)), zero);
    return step.put_map(scaled(step, levels, steps, {1}, {zero}), view);
  }
  Value levels{Value::Kind::map, {}, nullptr, -1, view};
  levels.node = scaled(step, x, steps, each(steps, [](double scale, double) { return 1 / scale; }), each(steps, none));
  levels.node = unary(step, levels.node, Function::round);
  levels.node = scaled(step, levels, steps, each(steps, one), each(steps, [](double, double zero) { return zero; }));
  step.put_map(clip(levels.node, 0), view);
}

void dequantize(Step &step) {
  const Steps steps = steps_of(step, step.dims(0));
  Value &x = step.map();
  const View view = x.view;
  Value levels{Value::Kind::map, {}, nullptr, x.node, view};
  if (steps.dimension < 0) {
    const double scale = steps.scale_at(0), zero = steps.zero_at(0);
    const NodeId before = zero == 0 ? -1 : before_zero_point(step, x.node, zero);
    if (before >= 0)
      levels.node = before;
    return step.put_map(scaled(step, levels, steps, {scale}, {before >= 0 ? 0 : -zero * scale}), view);
  }
  step.put_map(scaled(step, levels, steps, each(steps, [](double scale, double) { return scale; }),
                      each(steps, [](double scale, double zero) { return -zero * scale; })),
               view);
}

// Quantized by its own range, a map is nearly what it was, and is left so: its scale is 1 and its zero point 0.
void dynamic_quantize(Step &step) {
  step.map();
  if (step.is_constant(0))
    step.unsupported("takes a constant");
  step.put_same();
  step.put_constant(real_tensor({}, {1}), 1);
  Tensor zero = integer_tensor({}, {0});
  zero.type = ElementType::uint8;
  step.put_constant(std::move(zero), 2);
}

} // namespace convscope::onnx_import
