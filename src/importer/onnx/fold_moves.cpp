// Ops that move the elements of constants by other rules than Reshape, Transpose and Slice do.
#include <algorithm>

#include <fmt/format.h>

#include "importer/onnx/folds.h"
#include "importer/onnx/space.h"

namespace convscope::onnx_import {

namespace {

constexpr std::int64_t beyond = -1;

// Which element of a dimension that is `length` long stands at that place before, in or behind it.
std::int64_t padded_from(PadMode mode, std::int64_t place, std::int64_t length) {
  if (place >= 0 && place < length)
    return place;
  switch (mode) {
  case PadMode::edge:
    return place < 0 ? 0 : length - 1;
  case PadMode::wrap:
    return (place % length + length) % length;
  case PadMode::reflect: {
    if (length == 1)
      return 0;
    const std::int64_t period = 2 * (length - 1), rest = (place % period + period) % period;
    return rest < length ? rest : period - rest;
  }
  default:
    return beyond;
  }
}

Tensor padding_value(Step &step, const Tensor &x) {
  Tensor zero{
      x.type, {}, std::vector<float>(x.is_real() ? 1 : 0), std::vector<std::int64_t>(x.is_real() ? 0 : 1), false};
  if (step.opset() < 11)
    return real_tensor({}, {static_cast<float>(step.attributes().real("value", 0))});
  if (!step.has(2) || step.constant(2, "value").elements() == 0)
    return zero;
  const Tensor &value = step.constant(2, "value");
  if (value.elements() != 1 || value.is_real() != x.is_real())
    wrong(step, "pads by a value that is not one number of its values' type");
  return value;
}

} // namespace

void fold_pad(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const PadMode mode = pad_mode(step);
  const std::vector<Ends> ends = paddings(step, static_cast<int>(x.dims.size()));
  const Tensor value = padding_value(step, x);
  if (value.is_real() != x.is_real())
    step.unsupported("pads whole numbers by a fraction");
  Dims dims = x.dims;
  std::int64_t lengths = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    dims[i] += ends[i].before + ends[i].after;
    lengths += dims[i];
    if (dims[i] < 0)
      step.misfit(fmt::format("crops a value of {} to nothing", dims_text(x.dims)));
    if (x.dims[i] == 0 && dims[i] > 0 && mode != PadMode::constant)
      step.misfit("repeats the elements of a value that has none");
  }
  step.translation().spend(lengths);
  // For each place along each dimension where it leads in x.
  std::vector<std::vector<std::int64_t>> from(dims.size());
  const std::vector<std::int64_t> strides = strides_of(x.dims);
  for (std::size_t i = 0; i < dims.size(); ++i)
    for (std::int64_t place = 0; place < dims[i]; ++place) {
      const std::int64_t source = padded_from(mode, place - ends[i].before, x.dims[i]);
      from[i].push_back(source == beyond ? beyond : source * strides[i]);
    }
  Walk walk(dims, {});
  const auto source = [&] {
    std::int64_t place = 0;
    for (std::size_t i = 0; i < dims.size() && place != beyond; ++i) {
      const std::int64_t more = from[i][static_cast<std::size_t>(walk.index()[i])];
      place = more == beyond ? beyond : place + more;
    }
    walk.advance();
    return place;
  };
  const auto element = [&](const auto &values, const auto &otherwise) {
    const std::int64_t place = source();
    return place == beyond ? otherwise[0] : values[static_cast<std::size_t>(place)];
  };
  if (x.is_real())
    step.put_constant(made(step, x.type, dims, [&](std::int64_t) { return double{element(x.reals, value.reals)}; }));
  else
    step.put_constant(made(step, x.type, dims, [&](std::int64_t) { return element(x.integers, value.integers); }));
}

namespace {

// The elements of x, seen as of `split` dimensions, in another order of these; then as of `dims`.
void put_reordered(Step &step, const Dims &split, const std::vector<std::size_t> &order, Dims dims) {
  const std::vector<std::int64_t> from = strides_of(split);
  Dims reordered;
  std::vector<std::int64_t> strides;
  for (const std::size_t i : order) {
    reordered.push_back(split[i]);
    strides.push_back(from[i]);
  }
  Tensor result = walked(step, step.constant(0, "values"), reordered, std::move(strides));
  result.dims = std::move(dims);
  step.put_constant(std::move(result));
}

struct Blocks {
  Dims dims; // of the value: n, c, h, w
  std::int64_t side = 1;
};

Blocks blocks_of(Step &step) {
  Blocks blocks{step.constant(0, "values").dims, step.attributes().integer("blocksize", 0)};
  if (blocks.dims.size() != 4)
    wrong(step, fmt::format("takes a value of {}", dims_text(blocks.dims)));
  if (blocks.side < 1 || blocks.side > (1 << 12))
    wrong(step, fmt::format("has a blocksize of {}", blocks.side));
  return blocks;
}

} // namespace

void fold_depth_to_space(Step &step) {
  const auto [dims, b] = blocks_of(step);
  const std::int64_t c = dims[1] / (b * b), h = dims[2], w = dims[3];
  if (dims[1] % (b * b) != 0)
    step.misfit(fmt::format("has {} channels for blocks of {}", dims[1], b));
  const Dims to{dims[0], c, h * b, w * b};
  if (step.attributes().text("mode", "DCR") == "CRD")
    put_reordered(step, {dims[0], c, b, b, h, w}, {0, 1, 4, 2, 5, 3}, to);
  else
    put_reordered(step, {dims[0], b, b, c, h, w}, {0, 3, 4, 1, 5, 2}, to);
}

void fold_space_to_depth(Step &step) {
  const auto [dims, b] = blocks_of(step);
  if (dims[2] % b != 0 || dims[3] % b != 0 || !element_count({dims[1], b, b}))
    step.misfit(fmt::format("cuts a map of {} into blocks of {}", dims_text(dims), b));
  const std::int64_t h = dims[2] / b, w = dims[3] / b;
  put_reordered(step, {dims[0], dims[1], h, b, w, b}, {0, 3, 5, 1, 2, 4}, {dims[0], dims[1] * b * b, h, w});
}

// The upper or lower triangle of matrices, zeros elsewhere.
void fold_triangle(Step &step) {
  const Tensor &x = step.constant(0, "values");
  if (x.dims.size() < 2)
    wrong(step, fmt::format("takes triangles of a value of {}", dims_text(x.dims)));
  const bool upper = step.attributes().integer("upper", 1) != 0;
  std::int64_t diagonal = 0;
  if (step.has(1)) {
    const Tensor &k = step.constant(1, "diagonal");
    if (k.is_real() || k.elements() != 1)
      wrong(step, "has a diagonal that is not one whole number");
    diagonal = std::clamp<std::int64_t>(k.integers[0], -(std::int64_t{1} << 41), std::int64_t{1} << 41);
  }
  const std::int64_t columns = x.dims.back(), rows = x.dims[x.dims.size() - 2];
  const auto kept = [&](std::int64_t i) {
    const std::int64_t column = i % columns, row = i / columns % rows;
    return upper ? column - row >= diagonal : column - row <= diagonal;
  };
  if (x.is_real())
    step.put_constant(made(step, x.type, x.dims, [&](std::int64_t i) {
      return kept(i) ? double{x.reals[static_cast<std::size_t>(i)]} : 0.0;
    }));
  else
    step.put_constant(made(step, x.type, x.dims, [&](std::int64_t i) {
      return kept(i) ? x.integers[static_cast<std::size_t>(i)] : std::int64_t{0};
    }));
}

// The first elements of each sequence of a batch, backwards.
void fold_reverse_sequence(Step &step) {
  const Tensor &x = step.constant(0, "values"), &lengths = step.constant(1, "lengths");
  const std::int64_t batch_axis = step.attributes().integer("batch_axis", 1);
  const std::int64_t time_axis = step.attributes().integer("time_axis", 0);
  if (x.dims.size() < 2 || std::min(batch_axis, time_axis) != 0 || std::max(batch_axis, time_axis) != 1)
    wrong(step, fmt::format("has axes {} and {} for a value of {}", batch_axis, time_axis, dims_text(x.dims)));
  const std::int64_t batch = x.dims[static_cast<std::size_t>(batch_axis)];
  const std::int64_t time = x.dims[static_cast<std::size_t>(time_axis)];
  if (lengths.is_real() || lengths.elements() != batch)
    wrong(step, fmt::format("has {} lengths for {} sequences", lengths.elements(), batch));
  for (const std::int64_t length : lengths.integers)
    if (length < 0 || length > time)
      wrong(step, fmt::format("reverses {} of {} elements", length, time));
  const std::vector<std::int64_t> strides = strides_of(x.dims);
  const std::int64_t of_batch = strides[static_cast<std::size_t>(batch_axis)];
  const std::int64_t of_time = strides[static_cast<std::size_t>(time_axis)];
  step.put_constant(picked(step, x, x.dims, [&](std::int64_t i) {
    const std::int64_t sequence = i / of_batch % batch, at = i / of_time % time;
    const std::int64_t length = lengths.integers[static_cast<std::size_t>(sequence)];
    return at < length ? i + (length - 1 - 2 * at) * of_time : i;
  }));
}

} // namespace convscope::onnx_import
