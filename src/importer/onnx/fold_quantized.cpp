// Constants of few bits: quantized and back.
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

} // namespace

void fold_dequantize(Step &step) {
  const Tensor &x = step.constant(0, "values");
  if (x.is_real())
    wrong(step, "takes values that are no whole numbers");
  const Quantization quantization = quantization_of(step, 1, x.dims, 1);
  step.put_constant(made(step, step.constant(1, "").type, x.dims, [&](std::int64_t i) {
    return (x.at(i) - quantization.zero.at(i)) * quantization.scale.at(i);
  }));
}

void fold_quantize(Step &step) {
  const Tensor &x = step.constant(0, "values");
  Quantization quantization = quantization_of(step, 1, x.dims, 1);
  if (const std::int64_t type = step.attributes().integer("output_dtype", 0); type != 0 && !step.has(2))
    quantization.type =
        element_type(static_cast<int>(std::clamp<std::int64_t>(type, 0, 1000))).value_or(ElementType::float32);
  if (is_real(quantization.type))
    step.unsupported("makes elements of a type that can't be read");
  step.put_constant(made(step, quantization.type, x.dims, [&](std::int64_t i) {
    const double steps = rounded(ElementType::float32, x.at(i) / quantization.scale.at(i));
    return saturated(quantization.type, std::nearbyint(steps) + quantization.zero.at(i));
  }));
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

} // namespace convscope::onnx_import
