// Constants of few bits: quantized and back, and products of them.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

std::int64_t saturated(ElementType type, double value) {
  const auto [low, high] = integer_range(type);
  return wrapped(ElementType::int64,
                 std::clamp(std::nearbyint(value), static_cast<double>(low), static_cast<double>(high)));
}

// Scales or zero points: one number, one for each place along an axis, or one for each block along it.
struct Along {
  Dims dims;                         // of the value
  std::vector<double> values;        // the parameters
  std::int64_t inner = 1, count = 1; // place along the axis: i / inner % count
  std::int64_t block = 0;            // elements of a block; 0: there are no blocks
  int axis = 0;

  double at(std::int64_t i) const {
    if (values.size() == 1)
      return values[0];
    const std::int64_t place = i / inner % count;
    if (block == 0)
      return values[static_cast<std::size_t>(place)];
    const std::int64_t blocks = (count + block - 1) / block;
    return values[static_cast<std::size_t>((i / inner / count * blocks + place / block) * inner + i % inner)];
  }
};

Along along(Step &step, std::size_t input, const Dims &dims, int axis, std::int64_t block) {
  const Tensor &tensor = step.constant(input, "scales");
  Along result{dims, numbers(step, input, "scales").values, 1, 1, 0, axis};
  if (tensor.elements() == 1)
    return result;
  const Lines lines = axis < static_cast<int>(dims.size()) ? lines_along(dims, axis) : Lines{};
  result.inner = lines.inner;
  result.count = lines.length;
  const auto misfit = [&] {
    step.unsupported(fmt::format("has scales of {} for a value of {}", dims_text(tensor.dims), dims_text(dims)));
  };
  if (tensor.dims.size() == dims.size() && dims.size() > 1) {
    result.block = block;
    Dims blocks = dims;
    if (block < 1)
      misfit();
    std::int64_t &length = blocks[static_cast<std::size_t>(axis)];
    length = length / block + (length % block == 0 ? 0 : 1);
    if (blocks != tensor.dims)
      misfit();
  } else if (tensor.dims.size() > 1 || tensor.elements() != result.count) {
    misfit();
  }
  return result;
}

struct Quantization {
  Along scale, zero;
  ElementType type = ElementType::uint8; // of the zero points
};

// The parameters at inputs `scale` and `scale` + 1 of a value.
Quantization quantization_of(Step &step, std::size_t scale, const Dims &dims, std::int64_t default_axis) {
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t given = step.attributes().integer("axis", default_axis);
  // The default, 1, is of no use to a value of one dimension, and none to one with a single scale.
  const bool single = step.constant(scale, "scales").elements() == 1 &&
                      (!step.has(scale + 1) || step.constant(scale + 1, "zero points").elements() == 1);
  const int axis =
      single || (given >= rank && given == default_axis) ? 0 : step.dimension(given, static_cast<int>(rank));
  const std::int64_t block = step.attributes().integer("block_size", 0);
  Quantization result{along(step, scale, dims, axis, block), {}, ElementType::uint8};
  result.zero.values = {0};
  if (step.has(scale + 1)) {
    result.zero = along(step, scale + 1, dims, axis, block);
    result.type = step.constant(scale + 1, "zero points").type;
  }
  return result;
}

// (x - zero) * scale, or without the scale.
Numbers dequantized(Step &step, std::size_t input, const Quantization &quantization, bool scaled = true) {
  if (step.constant(input, "values").is_real())
    wrong(step, "takes values that are no whole numbers");
  Numbers x = numbers(step, input, "values");
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    x.values[i] -= quantization.zero.at(at);
    if (scaled)
      x.values[i] *= quantization.scale.at(at);
  }
  return x;
}

Tensor quantized(Step &step, const Numbers &x, const Quantization &quantization) {
  if (is_real(quantization.type))
    step.unsupported("makes elements of a type that can't be read");
  return made(step, quantization.type, x.dims, [&](std::int64_t i) {
    const double steps =
        rounded(ElementType::float32, x.values[static_cast<std::size_t>(i)] / quantization.scale.at(i));
    return saturated(quantization.type, std::nearbyint(steps) + quantization.zero.at(i));
  });
}

} // namespace

void fold_dequantize(Step &step) {
  const Quantization quantization = quantization_of(step, 1, step.constant(0, "").dims, 1);
  put_numbers(step, step.constant(1, "").type, dequantized(step, 0, quantization));
}

void fold_quantize(Step &step) {
  const Numbers x = numbers(step, 0, "values");
  Quantization quantization = quantization_of(step, 1, x.dims, 1);
  if (const std::int64_t type = step.attributes().integer("output_dtype", 0); type != 0 && !step.has(2)) {
    const std::optional<ElementType> known = element_type(static_cast<int>(std::clamp<std::int64_t>(type, 0, 1000)));
    quantization.type = known.value_or(ElementType::float32);
  }
  step.put_constant(quantized(step, x, quantization));
}

// To uint8, between the value's own smallest and largest element.
void fold_dynamic_quantize(Step &step) {
  const Numbers x = numbers(step, 0, "values");
  double low = 0, high = 0;
  for (const double value : x.values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const double scale = rounded(ElementType::float32, (high - low) / 255);
  if (!(scale > 0))
    step.unsupported("quantizes what is nothing but zeros");
  const std::int64_t zero = saturated(ElementType::uint8, -low / scale);
  step.put_constant(made(step, ElementType::uint8, x.dims, [&](std::int64_t i) {
    return saturated(ElementType::uint8,
                     std::nearbyint(rounded(ElementType::float32, x.values[static_cast<std::size_t>(i)] / scale)) +
                         static_cast<double>(zero));
  }));
  step.put_constant(made(step, ElementType::float32, {}, [&](std::int64_t) { return scale; }), 1);
  step.put_constant(made(step, ElementType::uint8, {}, [&](std::int64_t) { return zero; }), 2);
}

namespace {

// Quantization of a factor whose zero point is at that input and whose scale, where it has one, before that.
Quantization factor(Step &step, std::size_t zero, const Dims &dims, int axis, bool scaled) {
  Quantization result;
  result.scale.values = result.zero.values = {1};
  result.zero.values = {0};
  if (scaled)
    result.scale = along(step, zero - 1, dims, axis, 0);
  if (step.has(zero))
    result.zero = along(step, zero, dims, axis, 0);
  return result;
}

// Rows are a matrix's last dimension but one, columns its last, a kernel's its first.
int rows_of(const Dims &dims) { return std::max(static_cast<int>(dims.size()) - 2, 0); }
int columns_of(const Dims &dims) { return std::max(static_cast<int>(dims.size()) - 1, 0); }

} // namespace

void fold_integer_product(Step &step) {
  const bool conv = step.op() == "ConvInteger";
  const Dims &a = step.constant(0, "values").dims, &b = step.constant(1, "weights").dims;
  const Numbers x = dequantized(step, 0, factor(step, 2, a, conv ? 0 : rows_of(a), false), false);
  const Numbers w = dequantized(step, 1, factor(step, 3, b, conv ? 0 : columns_of(b), false), false);
  put_numbers(step, ElementType::int32, conv ? convolved(step, x, w) : multiplied(step, x, w));
}

void fold_quantized_product(Step &step) {
  const bool conv = step.op() == "QLinearConv";
  const Dims &a = step.constant(0, "values").dims, &b = step.constant(3, "weights").dims;
  const Quantization of_a = factor(step, 2, a, conv ? 0 : rows_of(a), true);
  const Quantization of_b = factor(step, 5, b, conv ? 0 : columns_of(b), true);
  const Numbers x = dequantized(step, 0, of_a), w = dequantized(step, 3, of_b);
  Numbers y = conv ? convolved(step, x, w) : multiplied(step, x, w);
  if (conv && step.has(8)) { // whole numbers, in steps of both scales
    const Numbers bias = numbers(step, 8, "biases");
    if (of_a.scale.values.size() != 1 || static_cast<std::int64_t>(bias.values.size()) != y.dims[1])
      wrong(step, fmt::format("has {} biases for {} channels", bias.values.size(), y.dims[1]));
    const std::int64_t plane = lines_along(y.dims, 1).inner;
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / plane % y.dims[1]);
      const double scale = of_b.scale.values[of_b.scale.values.size() == 1 ? 0 : channel];
      y.values[i] += bias.values[channel] * of_a.scale.values[0] * scale;
    }
  }
  Quantization result = factor(step, 7, y.dims, 0, true);
  result.type = step.constant(7, "zero points").type;
  step.put_constant(quantized(step, y, result));
}

} // namespace convscope::onnx_import
