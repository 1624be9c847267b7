// What depends on the order of constants' elements, or on which of them are not zero.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

// Where the elements of a line are, of which the first wins: the largest or smallest.
struct Line {
  const Tensor &x;
  std::int64_t start, stride;
  bool largest;
  double at(std::int64_t i) const { return x.at(start + i * stride); }
  // Whether element a goes before b; of equal ones the first does.
  bool operator()(std::int64_t a, std::int64_t b) const {
    const double x_a = at(a), x_b = at(b);
    return x_a == x_b ? a < b : largest ? x_a > x_b : x_a < x_b;
  }
};

} // namespace

void fold_arg(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const int axis = axis_of(step, x.dims, 0);
  const Lines lines = lines_along(x.dims, axis);
  if (lines.length == 0)
    step.unsupported("looks for an element where there is none");
  const bool last = step.attributes().integer("select_last_index", 0) != 0;
  Dims dims = x.dims;
  if (step.attributes().integer("keepdims", 1) != 0)
    dims[static_cast<std::size_t>(axis)] = 1;
  else
    dims.erase(dims.begin() + axis);
  step.translation().spend(x.elements());
  step.put_constant(made(step, ElementType::int64, dims, [&](std::int64_t i) {
    const Line line{x, lines.start(i), lines.inner, step.op() == "ArgMax"};
    std::int64_t best = 0;
    for (std::int64_t at = 1; at < lines.length; ++at)
      if (last ? !line(best, at) || line.at(best) == line.at(at) : line(at, best))
        best = at;
    return best;
  }));
}

void fold_top_k(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const int axis = axis_of(step, x.dims, -1);
  const Lines lines = lines_along(x.dims, axis);
  std::int64_t k = step.attributes().integer("k", 0);
  if (step.opset() >= 10) {
    const Tensor &count = step.constant(1, "count");
    if (count.is_real() || count.elements() != 1)
      wrong(step, "takes a number of elements that is not one whole number");
    k = count.integers[0];
  }
  if (k < 0 || k > lines.length)
    wrong(step, fmt::format("takes {} of {} elements", k, lines.length));
  for (const float value : x.reals)
    if (value != value)
      step.unsupported("orders what is not a number");
  Dims dims = x.dims;
  dims[static_cast<std::size_t>(axis)] = k;
  const std::int64_t chosen = checked_count(step, dims);
  const Lines to = lines_along(dims, axis);
  std::vector<std::int64_t> places(static_cast<std::size_t>(chosen)), indices(places.size());
  std::vector<std::int64_t> order(static_cast<std::size_t>(lines.length));
  step.translation().spend_work(32 * x.elements());
  for (std::int64_t i = 0; i < to.count(); ++i) {
    const Line line{x, lines.start(i), lines.inner, step.attributes().integer("largest", 1) != 0};
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::partial_sort(order.begin(), order.begin() + k, order.end(), line);
    for (std::int64_t j = 0; j < k; ++j) {
      const auto at = static_cast<std::size_t>(to.start(i) + j * to.inner);
      indices[at] = order[static_cast<std::size_t>(j)];
      places[at] = line.start + indices[at] * line.stride;
    }
  }
  const auto listed = [](const std::vector<std::int64_t> &list) {
    return [&list](std::int64_t i) { return list[static_cast<std::size_t>(i)]; };
  };
  step.put_constant(picked(step, x, dims, listed(places)), 0);
  step.put_constant(made(step, ElementType::int64, dims, listed(indices)), 1);
}

// The coordinates of all elements that are not zero, a column each.
void fold_non_zero(Step &step) {
  const Tensor &x = step.constant(0, "values");
  std::vector<std::vector<std::int64_t>> coordinates(std::max<std::size_t>(x.dims.size(), 1));
  step.translation().spend(x.elements() * static_cast<std::int64_t>(coordinates.size()));
  Walk walk(x.dims, {});
  for (std::int64_t i = 0; i < x.elements(); ++i, walk.advance())
    if (x.at(i) != 0)
      for (std::size_t d = 0; d < coordinates.size(); ++d)
        coordinates[d].push_back(d < x.dims.size() ? walk.index()[d] : 0);
  const auto count = static_cast<std::int64_t>(coordinates[0].size());
  step.put_constant(
      made(step, ElementType::int64, {static_cast<std::int64_t>(coordinates.size()), count}, [&](std::int64_t i) {
        return coordinates[static_cast<std::size_t>(i / count)][static_cast<std::size_t>(i % count)];
      }));
}

// The elements, or slices, whose condition holds.
void fold_compress(Step &step) {
  const Tensor &x = step.constant(0, "values"), &condition = step.constant(1, "condition");
  const bool flat = step.attributes().find("axis") == nullptr;
  const Dims from = flat ? Dims{x.elements()} : x.dims;
  const int axis = flat ? 0 : axis_of(step, from, 0);
  const Lines lines = lines_along(from, axis);
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < std::min(condition.elements(), lines.length); ++i)
    if (condition.at(i) != 0)
      kept.push_back(i);
  Dims dims = from;
  const auto count = static_cast<std::int64_t>(kept.size());
  dims[static_cast<std::size_t>(axis)] = count;
  step.put_constant(picked(step, x, dims, [&](std::int64_t i) {
    const std::int64_t which = kept[static_cast<std::size_t>(i / lines.inner % count)];
    return (i / lines.inner / count * lines.length + which) * lines.inner + i % lines.inner;
  }));
}

// The elements, or slices along an axis, that differ, and where they are.
void fold_unique(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const bool flat = step.attributes().find("axis") == nullptr;
  const Dims from = flat ? Dims{x.elements()} : x.dims;
  const int axis = flat ? 0 : axis_of(step, from, 0);
  const Lines lines = lines_along(from, axis);
  const auto place = [&](std::int64_t line, std::int64_t slice) { return lines.start(line) + slice * lines.inner; };
  const auto before = [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t line = 0; line < lines.count(); ++line) {
      const double x_a = x.at(place(line, a)), x_b = x.at(place(line, b));
      if (x_a != x_b)
        return x_a < x_b;
    }
    return false;
  };
  for (const float value : x.reals)
    if (value != value)
      step.unsupported("orders what is not a number");
  step.translation().spend(2 * lines.length);
  step.translation().spend_work(32 * x.elements());
  std::vector<std::int64_t> order(static_cast<std::size_t>(lines.length));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), before);
  // Groups of equal slices, each begun by its first.
  std::vector<std::int64_t> first, counts, group(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || before(order[i - 1], order[i])) {
      first.push_back(order[i]);
      counts.push_back(0);
    }
    ++counts.back();
    group[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(first.size()) - 1;
  }
  const auto groups = static_cast<std::int64_t>(first.size());
  std::vector<std::int64_t> listing(first.size()), rank(first.size());
  std::iota(listing.begin(), listing.end(), std::int64_t{0});
  if (step.attributes().integer("sorted", 1) == 0)
    std::sort(listing.begin(), listing.end(), [&](std::int64_t a, std::int64_t b) {
      return first[static_cast<std::size_t>(a)] < first[static_cast<std::size_t>(b)];
    });
  for (std::size_t i = 0; i < listing.size(); ++i)
    rank[static_cast<std::size_t>(listing[i])] = static_cast<std::int64_t>(i);
  const auto of_group = [&](const std::vector<std::int64_t> &list, std::int64_t i) {
    return list[static_cast<std::size_t>(listing[static_cast<std::size_t>(i)])];
  };
  Dims dims = from;
  dims[static_cast<std::size_t>(axis)] = groups;
  step.put_constant(picked(step, x, dims, [&](std::int64_t i) {
    const std::int64_t slice = of_group(first, i / lines.inner % groups);
    return (i / lines.inner / groups * lines.length + slice) * lines.inner + i % lines.inner;
  }));
  step.put_constant(made(step, ElementType::int64, {groups}, [&](std::int64_t i) { return of_group(first, i); }), 1);
  step.put_constant(
      made(step, ElementType::int64, {lines.length},
           [&](std::int64_t i) { return rank[static_cast<std::size_t>(group[static_cast<std::size_t>(i)])]; }),
      2);
  step.put_constant(made(step, ElementType::int64, {groups}, [&](std::int64_t i) { return of_group(counts, i); }), 3);
}

} // namespace convscope::onnx_import
