// Ops that make, cut, join and rearrange constants.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "importer/onnx/folds.h"
#include "importer/onnx/shape_arithmetic.h"

namespace convscope::onnx_import {

namespace {

void fold_reshaped(Step &step, Dims dims) {
  Tensor x = step.take(0, "values");
  if (element_count(dims) != x.elements())
    step.misfit(fmt::format("can't make {} of {}", dims_text(dims), dims_text(x.dims)));
  x.measured = x.measured || any_measured(step);
  x.dims = std::move(dims);
  step.put_constant(std::move(x));
}

} // namespace

// ---- Making ----

void fold_constant(Step &step) {
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

void fold_constant_of_shape(Step &step) {
  const Tensor &shape = step.constant(0, "shape");
  const Tensor value = step.tensor_attribute("value").value_or(real_tensor({1}, {0}));
  if (shape.is_real() || value.elements() != 1)
    wrong(step, "has a value that is not one number");
  step.put_constant(picked(step, value, shape.integers, [](std::int64_t) { return 0; }));
}

void fold_range(Step &step) {
  const Tensor &start = step.constant(0, "start"), &limit = step.constant(1, "limit"),
               &delta = step.constant(2, "delta");
  if (start.elements() != 1 || limit.elements() != 1 || delta.elements() != 1 || delta.at(0) == 0)
    wrong(step, "goes from, to or by something that is not one number");
  const double wanted = std::ceil((limit.at(0) - start.at(0)) / delta.at(0));
  if (!(wanted < 0x1p30))
    wrong(step, "makes too many numbers");
  const auto count = static_cast<std::int64_t>(std::max(wanted, 0.0));
  const double first = start.at(0), by = delta.at(0);
  if (start.is_real())
    return step.put_constant(
        made(step, start.type, {count}, [&](std::int64_t i) { return first + static_cast<double>(i) * by; }));
  const std::int64_t whole_by = delta.is_real() ? wrapped(ElementType::int64, by) : delta.integers[0];
  auto next = static_cast<std::uint64_t>(start.integers[0]); // wraps around
  step.put_constant(made(step, start.type, {count}, [&](std::int64_t) {
    const auto value = static_cast<std::int64_t>(next);
    next += static_cast<std::uint64_t>(whole_by);
    return value;
  }));
}

// A matrix with ones on a diagonal.
void fold_eye(Step &step) {
  const Tensor &like = step.constant(0, "values");
  if (like.dims.size() != 2)
    wrong(step, fmt::format("makes a matrix like a value of {}", dims_text(like.dims)));
  std::optional<ElementType> type = like.type;
  if (step.attributes().find("dtype") != nullptr)
    type = element_type(static_cast<int>(std::clamp<std::int64_t>(step.attributes().integer("dtype", 1), 0, 1000)));
  if (!type)
    step.unsupported("makes elements of a type that can't be read");
  constexpr std::int64_t far = std::int64_t{1} << 41; // beyond any matrix
  const std::int64_t diagonal = std::clamp(step.attributes().integer("k", 0), -far, far), columns = like.dims[1];
  step.put_constant(made(step, *type, like.dims, [&](std::int64_t i) {
    return i % columns - diagonal == i / columns ? std::int64_t{1} : std::int64_t{0};
  }));
}

// ---- Rearranging ----

void fold_same(Step &step) { step.put_same(); }

void fold_dropout(Step &step) {
  if (step.has(2) && step.constant(2, "mode").elements() == 1 && step.constant(2, "").at(0) != 0)
    step.unsupported("drops out as in training");
  const Dims dims = step.constant(0, "values").dims;
  if (step.wants(1))
    step.put_constant(made(step, ElementType::boolean, dims, [](std::int64_t) { return std::int64_t{1}; }), 1);
  step.put_same();
}

void fold_reshape(Step &step) {
  const Dims dims = reshaped_dims(step, step.constant(1, "shape").integers, step.constant(0, "values").dims);
  fold_reshaped(step, dims);
}

void fold_flatten(Step &step) { fold_reshaped(step, flattened_dims(step, step.constant(0, "values").dims)); }

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
  fold_reshaped(step, std::move(kept));
}

void fold_unsqueeze(Step &step) {
  const Dims dims = step.constant(0, "values").dims;
  Dims more;
  std::size_t next = 0;
  for (const bool added : unsqueezed_dimensions(step, static_cast<int>(dims.size())))
    more.push_back(added ? 1 : dims[next++]);
  fold_reshaped(step, std::move(more));
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
    wrong(step, fmt::format("has {} repeats for a value of {}", repeats.size(), dims_text(x.dims)));
  // (r0, d0, r1, d1, ...), of which the r are repeated.
  Dims dims, doubled;
  std::vector<std::int64_t> strides;
  const std::vector<std::int64_t> from = strides_of(x.dims);
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > INT32_MAX || !element_count({repeats[i], x.dims[i]}))
      wrong(step, fmt::format("repeats {} times", repeats[i]));
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
    wrong(step, "joins single numbers");
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
  const std::int64_t rows = *element_count(Dims(dims.begin(), dims.begin() + axis));
  const auto joined = [&](auto list) {
    std::vector<typename std::remove_cvref_t<decltype(first.*list)>::value_type> all;
    for (std::int64_t row = 0; row<rows && * element_count(dims)> 0; ++row)
      for (std::size_t i = 0; i < step.inputs(); ++i) {
        const Tensor &next = step.constant(i, "values");
        const std::int64_t length = next.elements() / rows;
        all.insert(all.end(), (next.*list).begin() + row * length, (next.*list).begin() + (row + 1) * length);
      }
    return all;
  };
  Tensor result{first.type, dims, {}, {}, any_measured(step)};
  if (first.is_real())
    result.reals = joined(&Tensor::reals);
  else
    result.integers = joined(&Tensor::integers);
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
    wrong(step, "splits a single number");
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

} // namespace convscope::onnx_import
