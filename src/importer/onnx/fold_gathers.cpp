// Taking elements of constants at indices, and putting others there.
#include <algorithm>

#include <fmt/format.h>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

// An index of a dimension; negative ones count from the end.
std::int64_t checked_index(Step &step, std::int64_t index, std::int64_t length) {
  if (index < -length || index >= length)
    wrong(step, fmt::format("takes place {} of {}", index, length));
  return index < 0 ? index + length : index;
}

const Tensor &indices_of(Step &step, std::size_t input) {
  const Tensor &indices = step.constant(input, "indices");
  if (indices.is_real())
    wrong(step, "has indices that are no whole numbers");
  return indices;
}

// What a Scatter does where it puts an element.
double scattered(const std::string &reduction, double old, double update) {
  return reduction == "add"   ? old + update
         : reduction == "mul" ? old * update
         : reduction == "max" ? std::max(old, update)
         : reduction == "min" ? std::min(old, update)
                              : update;
}

std::string reduction_of(Step &step) {
  std::string reduction = step.attributes().text("reduction", "none");
  for (const char *known : {"none", "add", "mul", "max", "min"})
    if (reduction == known)
      return reduction;
  wrong(step, fmt::format("has a reduction of '{}'", reduction));
}

} // namespace

void fold_gather(Step &step) {
  const Tensor &x = step.constant(0, "values"), &indices = indices_of(step, 1);
  if (x.dims.empty())
    wrong(step, "takes from a single number");
  const int axis = axis_of(step, x.dims, 0);
  const Lines lines = lines_along(x.dims, axis);
  Dims dims(x.dims.begin(), x.dims.begin() + axis);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + axis + 1, x.dims.end());
  for (const std::int64_t index : indices.integers)
    checked_index(step, index, lines.length);
  const std::int64_t count = indices.elements();
  step.put_constant(picked(step, x, dims, [&](std::int64_t i) {
    const std::int64_t outer = i / (lines.inner * count), which = i / lines.inner % count;
    const std::int64_t index = indices.integers[static_cast<std::size_t>(which)];
    return (outer * lines.length + (index < 0 ? index + lines.length : index)) * lines.inner + i % lines.inner;
  }));
}

namespace {

// Where each element of `indices` leads in a tensor of `dims`, of which it replaces one coordinate.
std::vector<std::int64_t> element_places(Step &step, const Dims &dims, const Tensor &indices, int axis) {
  if (indices.dims.size() != dims.size())
    wrong(step, fmt::format("has indices of {} for a value of {}", dims_text(indices.dims), dims_text(dims)));
  const auto along = static_cast<std::size_t>(axis);
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (i != along && indices.dims[i] > dims[i])
      wrong(step, fmt::format("has indices of {} for a value of {}", dims_text(indices.dims), dims_text(dims)));
  std::vector<std::int64_t> strides = strides_of(dims), others = strides, places;
  others[along] = 0;
  step.translation().spend(indices.elements());
  places.reserve(indices.integers.size());
  Walk walk(indices.dims, {others});
  for (const std::int64_t index : indices.integers) {
    places.push_back(walk.at(0) + checked_index(step, index, dims[along]) * strides[along]);
    walk.advance();
  }
  return places;
}

} // namespace

void fold_gather_elements(Step &step) {
  const Tensor &x = step.constant(0, "values"), &indices = indices_of(step, 1);
  const std::vector<std::int64_t> places = element_places(step, x.dims, indices, axis_of(step, x.dims, 0));
  step.put_constant(picked(step, x, indices.dims, [&](std::int64_t i) { return places[static_cast<std::size_t>(i)]; }));
}

void fold_scatter_elements(Step &step) { // and Scatter, its name before opset 11
  Numbers x = numbers(step, 0, "values");
  const Tensor &indices = indices_of(step, 1), &updates = step.constant(2, "updates");
  if (updates.dims != indices.dims)
    wrong(step, fmt::format("puts {} at places of {}", dims_text(updates.dims), dims_text(indices.dims)));
  const std::string reduction = reduction_of(step);
  const std::vector<std::int64_t> places = element_places(step, x.dims, indices, axis_of(step, x.dims, 0));
  for (std::size_t i = 0; i < places.size(); ++i) {
    double &value = x.values[static_cast<std::size_t>(places[i])];
    value = scattered(reduction, value, updates.at(static_cast<std::int64_t>(i)));
  }
  put_numbers(step, step.constant(0, "").type, x);
}

namespace {

// The rows of `indices` as the beginnings of slices of a tensor, which has `batch` dimensions before those that they
// name.
struct Slices {
  Dims inner;                      // of a slice
  std::int64_t length = 1;         // its elements
  std::vector<std::int64_t> begin; // by row
};

Slices slices_of(Step &step, const Dims &dims, const Tensor &indices, std::size_t batch) {
  if (indices.dims.empty())
    wrong(step, "has a single number as indices");
  const std::int64_t depth = indices.dims.back();
  if (batch >= indices.dims.size() || batch > dims.size() || depth < 1 ||
      depth > static_cast<std::int64_t>(dims.size() - batch) ||
      !std::equal(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(batch), indices.dims.begin()))
    wrong(step, fmt::format("has indices of {} for a value of {}", dims_text(indices.dims), dims_text(dims)));
  const auto named = batch + static_cast<std::size_t>(depth);
  Slices slices{{dims.begin() + static_cast<std::ptrdiff_t>(named), dims.end()}, 1, {}};
  slices.length = *element_count(slices.inner);
  const std::int64_t rows = indices.elements() / depth;
  const std::int64_t batches = *element_count({dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(batch)});
  const std::vector<std::int64_t> strides = strides_of(dims);
  step.translation().spend(rows);
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int64_t place = batch == 0 ? 0 : row / (rows / batches) * strides[batch - 1];
    for (std::int64_t i = 0; i < depth; ++i) {
      const std::size_t along = batch + static_cast<std::size_t>(i);
      place += checked_index(step, indices.integers[static_cast<std::size_t>(row * depth + i)], dims[along]) *
               strides[along];
    }
    slices.begin.push_back(place);
  }
  return slices;
}

} // namespace

void fold_gather_nd(Step &step) {
  const Tensor &x = step.constant(0, "values"), &indices = indices_of(step, 1);
  const std::int64_t batch = step.attributes().integer("batch_dims", 0);
  if (batch < 0 || batch > 16)
    wrong(step, fmt::format("has {} dimensions of batches", batch));
  const Slices slices = slices_of(step, x.dims, indices, static_cast<std::size_t>(batch));
  Dims dims(indices.dims.begin(), indices.dims.end() - 1);
  dims.insert(dims.end(), slices.inner.begin(), slices.inner.end());
  step.put_constant(picked(step, x, dims, [&](std::int64_t i) {
    return slices.begin[static_cast<std::size_t>(i / slices.length)] + i % slices.length;
  }));
}

void fold_scatter_nd(Step &step) {
  Numbers x = numbers(step, 0, "values");
  const Tensor &indices = indices_of(step, 1), &updates = step.constant(2, "updates");
  const Slices slices = slices_of(step, x.dims, indices, 0);
  Dims dims(indices.dims.begin(), indices.dims.end() - 1);
  dims.insert(dims.end(), slices.inner.begin(), slices.inner.end());
  if (updates.dims != dims)
    wrong(step, fmt::format("puts {} where it has room for {}", dims_text(updates.dims), dims_text(dims)));
  const std::string reduction = reduction_of(step);
  for (std::int64_t i = 0; i < updates.elements(); ++i) {
    const std::int64_t place = slices.begin[static_cast<std::size_t>(i / slices.length)] + i % slices.length;
    double &value = x.values[static_cast<std::size_t>(place)];
    value = scattered(reduction, value, updates.at(i));
  }
  put_numbers(step, step.constant(0, "").type, x);
}

// Vectors of `depth` elements that are off, but for the one that an index names.
void fold_one_hot(Step &step) {
  const Tensor &indices = step.constant(0, "indices"), &depth = step.constant(1, "depth"),
               &values = step.constant(2, "values");
  if (depth.elements() != 1 || values.elements() != 2 || !(depth.at(0) >= 1) || depth.at(0) > 0x1p40)
    wrong(step, "has no depth of one number, or not two values");
  const auto length = wrapped(ElementType::int64, depth.at(0));
  Dims dims = indices.dims;
  const int axis = step.dimension(step.attributes().integer("axis", -1), static_cast<int>(dims.size()) + 1);
  dims.insert(dims.begin() + axis, length);
  const std::int64_t inner = lines_along(dims, axis).inner;
  step.put_constant(picked(step, values, dims, [&](std::int64_t i) {
    const std::int64_t place = i / inner % length, line = i / inner / length * inner + i % inner;
    const double index = indices.at(line);
    return index == static_cast<double>(place) || index + static_cast<double>(length) == static_cast<double>(place)
               ? std::int64_t{1}
               : std::int64_t{0};
  }));
}

} // namespace convscope::onnx_import
