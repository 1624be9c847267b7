// Ops that make, cut, join and rearrange constants.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "graph/shapes.h"
#include "importer/onnx/ops.h"
#include "importer/onnx/shape_arithmetic.h"
#include "importer/onnx/strides.h"

namespace convscope::onnx_import {

namespace {

bool any_measured(Step &step) {
  for (std::size_t i = 0; i < step.inputs(); ++i)
    if (step.has(i) && step.value(i).tensor.measured)
      return true;
  return false;
}

// The elements of x at these places, as a tensor of these dimensions.
template <typename Place> Tensor picked(Step &step, const Tensor &x, Dims dims, Place place) {
  const std::int64_t count = checked_count(step, dims);
  Tensor result{x.type, std::move(dims), {}, {}, any_measured(step)};
  const auto pick = [&](const auto &from, auto &to) {
    to.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i)
      to.push_back(from[static_cast<std::size_t>(place())]);
  };
  if (x.is_real())
    pick(x.reals, result.reals.own());
  else
    pick(x.integers, result.integers);
  return result;
}

Tensor walked(Step &step, const Tensor &x, const Dims &dims, std::vector<std::int64_t> strides,
              std::int64_t start = 0) {
  Walk walk(dims, {std::move(strides)}, {start});
  return picked(step, x, dims, [&] {
    const std::int64_t place = walk.at(0);
    walk.advance();
    return place;
  });
}

void put_reshaped(Step &step, Dims dims) {
  Tensor x = step.take(0, "values");
  if (element_count(dims) != x.elements())
    step.misfit(fmt::format("can't make {} of {}", dims_text(dims), dims_text(x.dims)));
  x.measured = x.measured || any_measured(step);
  x.dims = std::move(dims);
  step.put_constant(std::move(x));
}

// ---- Making ----

void constant(Step &step) {
  const Attributes &attributes = step.attributes();
  if (std::optional<Tensor> value = step.tensor_attribute("value"))
    return step.put_constant(std::move(*value));
  if (attributes.find("value_float") != nullptr)
    return step.put_constant(real_tensor({}, {static_cast<float>(attributes.real("value_float", 0))}));
  if (attributes.find("value_int") != nullptr)
    return step.put_constant(integer_tensor({}, {attributes.integer("value_int", 0)}));
  if (std::optional<std::vector<float>> values = attributes.reals("value_floats")) {
    const auto count = static_cast<std::int64_t>(values->size());
    return step.put_constant(real_tensor({count}, std::move(*values)));
  }
  if (std::optional<std::vector<std::int64_t>> values = attributes.integers("value_ints")) {
    const auto count = static_cast<std::int64_t>(values->size());
    return step.put_constant(integer_tensor({count}, std::move(*values)));
  }
  step.unsupported("is of a type that can't be read");
}

void constant_of_shape(Step &step) {
  const Tensor &shape = step.constant(0, "shape");
  const Tensor value = step.tensor_attribute("value").value_or(real_tensor({1}, {0}));
  if (shape.is_real() || value.elements() != 1)
    step.fail("has a value that is not one number");
  step.put_constant(picked(step, value, shape.integers, [] { return 0; }));
}

void range(Step &step) {
  const Tensor &start = step.constant(0, "start"), &limit = step.constant(1, "limit"),
               &delta = step.constant(2, "delta");
  if (start.elements() != 1 || limit.elements() != 1 || delta.elements() != 1 || delta.at(0) == 0)
    step.fail("goes from, to or by something that is not one number");
  const double wanted = std::ceil((limit.at(0) - start.at(0)) / delta.at(0));
  if (!(wanted < 0x1p30))
    step.fail("makes too many numbers");
  const auto count = static_cast<std::int64_t>(std::max(wanted, 0.0));
  checked_count(step, {count});
  Tensor result{start.type, {count}, {}, {}, any_measured(step)};
  for (std::int64_t i = 0; i < count; ++i) {
    if (start.is_real())
      result.reals.own().push_back(static_cast<float>(start.at(0) + static_cast<double>(i) * delta.at(0)));
    else
      result.integers.push_back(
          static_cast<std::int64_t>(std::clamp(start.at(0) + static_cast<double>(i) * delta.at(0), -0x1p62, 0x1p62)));
  }
  step.put_constant(std::move(result));
}

// ---- Rearranging ----

void fold_transpose(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const std::vector<int> order = transposed_order(step, static_cast<int>(x.dims.size()));
  const std::vector<std::int64_t> from = strides_of(x.dims);
  Dims dims;
  std::vector<std::int64_t> strides;
  for (const int dimension : order) {
    dims.push_back(x.dims[static_cast<std::size_t>(dimension)]);
    strides.push_back(from[static_cast<std::size_t>(dimension)]);
  }
  step.put_constant(walked(step, x, dims, std::move(strides)));
}

void fold_squeeze(Step &step) {
  const Dims &dims = step.constant(0, "values").dims;
  const std::vector<bool> squeezed = squeezed_dimensions(step, dims);
  Dims kept;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (!squeezed[i])
      kept.push_back(dims[i]);
  put_reshaped(step, std::move(kept));
}

void fold_unsqueeze(Step &step) {
  const Dims dims = step.constant(0, "values").dims;
  Dims more;
  std::size_t next = 0;
  for (const bool added : unsqueezed_dimensions(step, static_cast<int>(dims.size())))
    more.push_back(added ? 1 : dims[next++]);
  put_reshaped(step, std::move(more));
}

void fold_expand(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const Dims dims = broadcast_dims(step, {x.dims, step.constant(1, "shape").integers});
  step.put_constant(walked(step, x, dims, broadcast_strides(x.dims, dims)));
}

void fold_tile(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const std::vector<std::int64_t> &repeats = step.constant(1, "repeats").integers;
  if (repeats.size() != x.dims.size())
    step.fail(fmt::format("has {} repeats for a value of {}", repeats.size(), dims_text(x.dims)));
  // (r0, d0, r1, d1, ...), of which the r are repeated.
  Dims dims, doubled;
  std::vector<std::int64_t> strides;
  const std::vector<std::int64_t> from = strides_of(x.dims);
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > INT32_MAX || !element_count({repeats[i], x.dims[i]}))
      step.fail(fmt::format("repeats {} times", repeats[i]));
    dims.push_back(repeats[i] * x.dims[i]);
    doubled.insert(doubled.end(), {repeats[i], x.dims[i]});
    strides.insert(strides.end(), {0, from[i]});
  }
  Tensor tiled = walked(step, x, doubled, std::move(strides));
  tiled.dims = std::move(dims);
  step.put_constant(std::move(tiled));
}

// ---- Cutting and joining ----

void fold_concat(Step &step) {
  const Tensor &first = step.constant(0, "values");
  const int axis = step.dimension(step.attributes().integer("axis", 1), static_cast<int>(first.dims.size()));
  const auto at = static_cast<std::size_t>(axis);
  Dims dims = first.dims;
  if (dims.empty())
    step.fail("joins single numbers");
  for (std::size_t i = 1; i < step.inputs(); ++i) {
    const Tensor &next = step.constant(i, "values");
    Dims other = next.dims;
    const std::int64_t own = at < other.size() ? other[at] : -1;
    if (own >= 0)
      other[at] = dims[at];
    if (other != dims || next.is_real() != first.is_real())
      step.misfit(fmt::format("can't join values of {} and {}", dims_text(dims), dims_text(next.dims)));
    dims[at] += own;
  }
  checked_count(step, dims);
  Tensor result{first.type, dims, {}, {}, any_measured(step)};
  const std::int64_t rows = *element_count(Dims(dims.begin(), dims.begin() + axis));
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < step.inputs(); ++i) {
      const Tensor &next = step.constant(i, "values");
      const std::int64_t length = next.elements() / std::max<std::int64_t>(rows, 1);
      const auto copy = [&](const auto &from, auto &to) {
        to.insert(to.end(), from.begin() + row * length, from.begin() + (row + 1) * length);
      };
      next.is_real() ? copy(next.reals, result.reals.own()) : copy(next.integers, result.integers);
    }
  step.put_constant(std::move(result));
}

void fold_slice(Step &step) {
  const Tensor &x = step.constant(0, "values");
  Dims dims = x.dims;
  std::vector<std::int64_t> strides = strides_of(x.dims);
  std::int64_t start = 0;
  for (const Cut &cut : cuts_of(step, static_cast<int>(dims.size()))) {
    const auto at = static_cast<std::size_t>(cut.dimension);
    const std::int64_t length = dims[at];
    const bool forwards = cut.step > 0;
    const auto clamped = [&](std::int64_t index) {
      index = index < 0 ? std::max(index, -length - 1) + length : index;
      return std::clamp<std::int64_t>(index, forwards ? 0 : -1, forwards ? length : length - 1);
    };
    const std::int64_t begin = clamped(cut.begin), end = clamped(cut.end);
    const std::int64_t span = forwards ? end - begin : begin - end;
    const std::int64_t by = forwards ? cut.step : cut.step == INT64_MIN ? INT64_MAX : -cut.step;
    dims[at] = span <= 0 ? 0 : (span - 1) / by + 1;
    start += dims[at] == 0 ? 0 : begin * strides[at];
    strides[at] = dims[at] <= 1 ? 0 : strides[at] * cut.step;
  }
  step.put_constant(walked(step, x, dims, std::move(strides), start));
}

void fold_split(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const int axis = step.dimension(step.attributes().integer("axis", 0), static_cast<int>(x.dims.size()));
  const auto at = static_cast<std::size_t>(axis);
  if (x.dims.empty())
    step.fail("splits a single number");
  const std::vector<std::int64_t> strides = strides_of(x.dims);
  std::int64_t begin = 0;
  const std::vector<std::int64_t> lengths = split_lengths(step, x.dims[at]);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    Dims dims = x.dims;
    dims[at] = lengths[i];
    step.put_constant(walked(step, x, dims, strides, begin * strides[at]), i);
    begin += lengths[i];
  }
}

void fold_gather(Step &step) {
  const Tensor &x = step.constant(0, "values"), &indices = step.constant(1, "indices");
  const int axis = step.dimension(step.attributes().integer("axis", 0), static_cast<int>(x.dims.size()));
  const auto at = static_cast<std::size_t>(axis);
  if (x.dims.empty() || indices.is_real())
    step.fail("takes from a single number, or at fractions");
  Dims dims(x.dims.begin(), x.dims.begin() + axis);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + axis + 1, x.dims.end());
  const std::int64_t length = x.dims[at], inner = strides_of(x.dims)[at], count = indices.elements();
  for (const std::int64_t index : indices.integers)
    if (index < -length || index >= length)
      step.fail(fmt::format("takes place {} of {}", index, length));
  std::int64_t i = 0;
  step.put_constant(picked(step, x, dims, [&] {
    const std::int64_t outer = i / (inner * count), which = i / inner % count, rest = i % inner;
    ++i;
    const std::int64_t index = indices.integers[static_cast<std::size_t>(which)];
    return (outer * length + (index < 0 ? index + length : index)) * inner + rest;
  }));
}

} // namespace

bool fold_shapes(Step &step) {
  static const std::unordered_map<std::string, void (*)(Step &)> folds{
      {"Constant", constant},
      {"ConstantOfShape", constant_of_shape},
      {"Range", range},
      {"Identity", [](Step &s) { s.put_same(); }},
      {"Dropout", [](Step &s) { s.put_same(); }},
      {"Shape", shape_of},
      {"Size", size_of},
      {"Reshape",
       [](Step &s) {
         put_reshaped(s, reshaped_dims(s, s.constant(1, "shape").integers, s.constant(0, "values").dims));
       }},
      {"Flatten", [](Step &s) { put_reshaped(s, flattened_dims(s, s.constant(0, "values").dims)); }},
      {"Squeeze", fold_squeeze},
      {"Unsqueeze", fold_unsqueeze},
      {"Transpose", fold_transpose},
      {"Expand", fold_expand},
      {"Tile", fold_tile},
      {"Concat", fold_concat},
      {"Slice", fold_slice},
      {"Split", fold_split},
      {"Gather", fold_gather},
  };
  const auto found = folds.find(step.op());
  if (found == folds.end() || (step.inputs() == 0 && step.op() != "Constant"))
    return false;
  found->second(step);
  return true;
}

} // namespace convscope::onnx_import
