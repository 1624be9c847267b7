// What is computed from constants alone, at import: prepared weights, tables of positions, masks, shapes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "importer/onnx/ops.h"
#include "importer/onnx/strides.h"

namespace convscope::onnx_import {

// What computes an op whose inputs are all constants, or null. It throws as rules do.
Rule fold_of(const std::string &op);

// The file is damaged, or, where an input follows from the size of a map, made for pictures of other sizes.
[[noreturn]] void wrong(Step &step, const std::string &what);

// ---- Elements ----

// A constant in double.
struct Numbers {
  Dims dims;
  std::vector<double> values;
};
Numbers numbers(Step &step, std::size_t input, std::string_view what);
void put_numbers(Step &step, ElementType type, const Numbers &numbers, std::size_t output = 0);

// Whether any input follows from the size of a map; then so do the outputs.
bool any_measured(Step &step);

// A result whose elements `make` gives one by one, in order: doubles or int64.
template <typename Make> Tensor made(Step &step, ElementType type, Dims dims, Make make) {
  const std::int64_t count = checked_count(step, dims);
  Tensor result{type, std::move(dims), {}, {}, any_measured(step)};
  const auto fill = [&](auto round) {
    std::vector<decltype(round(make(std::int64_t{0})))> values;
    values.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i)
      values.push_back(round(make(i)));
    return values;
  };
  if (is_real(type))
    result.reals = fill([type](auto value) { return rounded(type, static_cast<double>(value)); });
  else
    result.integers = fill([type](auto value) { return wrapped(type, value); });
  return result;
}

// The elements of a tensor at the places that `place` gives one by one.
template <typename Place> Tensor picked(Step &step, const Tensor &x, Dims dims, Place place) {
  if (x.is_real())
    return made(step, x.type, std::move(dims),
                [&](std::int64_t i) { return double{x.reals[static_cast<std::size_t>(place(i))]}; });
  return made(step, x.type, std::move(dims),
              [&](std::int64_t i) { return x.integers[static_cast<std::size_t>(place(i))]; });
}

// The elements that these strides lead to while walking through `dims`.
Tensor walked(Step &step, const Tensor &x, const Dims &dims, std::vector<std::int64_t> strides, std::int64_t start = 0);

// ---- Dimensions ----

// A tensor as lines along a dimension: element i of line (outer, inner) is at (outer * length + i) * inner_count +
// inner.
struct Lines {
  std::int64_t outer = 1, length = 1, inner = 1;
  std::int64_t count() const { return length == 0 ? 0 : outer * inner; }
  // Where a line begins; its elements are `inner` apart.
  std::int64_t start(std::int64_t line) const { return line / inner * length * inner + line % inner; }
};
Lines lines_along(const Dims &dims, int dimension);
// Along the dimension that the attribute "axis" names.
int axis_of(Step &step, const Dims &dims, std::int64_t otherwise);

// ---- The folds, by family ----

void fold_function(Step &step); // of single elements
void fold_cast(Step &step);
void fold_clip(Step &step);

void fold_arithmetic(Step &step); // of two values or more, broadcast
void fold_where(Step &step);

void fold_reduce(Step &step);
void fold_cumulative_sum(Step &step);

void fold_constant(Step &step);
void fold_constant_of_shape(Step &step);
void fold_range(Step &step);
void fold_eye(Step &step);

void fold_same(Step &step);
void fold_dropout(Step &step);
void fold_reshape(Step &step);
void fold_flatten(Step &step);
void fold_squeeze(Step &step);
void fold_unsqueeze(Step &step);
void fold_transpose(Step &step);
void fold_expand(Step &step);
void fold_tile(Step &step);
void fold_concat(Step &step);
void fold_slice(Step &step);
void fold_split(Step &step);

void fold_pad(Step &step);
void fold_depth_to_space(Step &step);
void fold_space_to_depth(Step &step);
void fold_triangle(Step &step);
void fold_reverse_sequence(Step &step);
void fold_resize(Step &step);

void fold_gather(Step &step);
void fold_gather_elements(Step &step);
void fold_gather_nd(Step &step);
void fold_scatter_elements(Step &step);
void fold_scatter_nd(Step &step);
void fold_one_hot(Step &step);
void fold_arg(Step &step); // ArgMax, ArgMin
void fold_top_k(Step &step);
void fold_non_zero(Step &step);
void fold_compress(Step &step);
void fold_unique(Step &step);

void fold_mat_mul(Step &step);
void fold_gemm(Step &step);
void fold_einsum(Step &step);
void fold_determinant(Step &step);

void fold_conv(Step &step);
void fold_conv_transpose(Step &step);
void fold_pool(Step &step);
void fold_global_pool(Step &step);

void fold_batch_normalization(Step &step);
void fold_instance_normalization(Step &step);
void fold_layer_normalization(Step &step);
void fold_group_normalization(Step &step);
void fold_lp_normalization(Step &step);
void fold_mean_variance_normalization(Step &step);
void fold_lrn(Step &step);
void fold_softmax(Step &step); // LogSoftmax, Hardmax

void fold_quantize(Step &step);
void fold_dequantize(Step &step);
void fold_dynamic_quantize(Step &step);

} // namespace convscope::onnx_import
