// Constants reduced and summed up along dimensions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Reduction2 {
  double of_nothing = 0;
  double (*with)(double so_far, double x) = nullptr;
  double (*last)(double total, double count) = nullptr; // or the total itself
};

const std::unordered_map<std::string, Reduction2> reductions{
    {"ReduceL1", {0, [](double a, double x) { return a + std::abs(x); }}},
    {"ReduceL2",
     {0, [](double a, double x) { return a + x * x; }, [](double total, double) { return std::sqrt(total); }}},
    {"ReduceLogSum",
     {0, [](double a, double x) { return a + x; }, [](double total, double) { return std::log(total); }}},
    {"ReduceLogSumExp", // without overflow: log(exp(a) + exp(x))
     {-infinity,
      [](double a, double x) {
        const double more = std::max(a, x);
        return std::isinf(more) ? more : more + std::log1p(std::exp(std::min(a, x) - more));
      }}},
    {"ReduceMax", {-infinity, [](double a, double x) { return std::isnan(a) || a > x ? a : x; }}},
    {"ReduceMean",
     {0, [](double a, double x) { return a + x; }, [](double total, double count) { return total / count; }}},
    {"ReduceMin", {infinity, [](double a, double x) { return std::isnan(a) || a < x ? a : x; }}},
    {"ReduceProd", {1, [](double a, double x) { return a * x; }}},
    {"ReduceSum", {0, [](double a, double x) { return a + x; }}},
    {"ReduceSumSquare", {0, [](double a, double x) { return a + x * x; }}}};

} // namespace

void fold_reduce(Step &step) {
  const Reduction2 &reduction = reductions.at(step.op());
  const Tensor &x = step.constant(0, "values");
  const auto rank = static_cast<int>(x.dims.size());
  const std::vector<std::int64_t> axes = step.axes(1).value_or(std::vector<std::int64_t>{});
  if (axes.empty() && step.attributes().integer("noop_with_empty_axes", 0) != 0) {
    if (step.op() == "ReduceL1" || step.op() == "ReduceL2" || step.op().find("Log") != std::string::npos ||
        step.op() == "ReduceSumSquare")
      step.unsupported("is over no axes");
    return step.put_same();
  }
  std::vector<bool> reduced(x.dims.size(), axes.empty());
  for (const std::int64_t axis : axes)
    reduced[static_cast<std::size_t>(step.dimension(axis, rank))] = true;
  Dims dims = x.dims, kept;
  double count = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    count *= reduced[i] ? static_cast<double>(dims[i]) : 1;
    dims[i] = reduced[i] ? 1 : dims[i];
    if (!reduced[i] || step.attributes().integer("keepdims", 1) != 0)
      kept.push_back(dims[i]);
  }
  if (count == 0 && !x.is_real() && !std::isfinite(reduction.of_nothing))
    step.unsupported("reduces nothing");
  step.translation().spend(x.elements());
  std::vector<double> totals(static_cast<std::size_t>(checked_count(step, dims)), reduction.of_nothing);
  Walk walk(x.dims, {broadcast_strides(dims, x.dims)});
  for (std::int64_t i = 0; i < x.elements(); ++i, walk.advance()) {
    double &total = totals[static_cast<std::size_t>(walk.at(0))];
    total = reduction.with(total, x.at(i));
  }
  if (reduction.last != nullptr)
    for (double &total : totals)
      total = reduction.last(total, count);
  put_numbers(step, x.type, {kept, std::move(totals)});
}

void fold_cumulative_sum(Step &step) {
  Numbers x = numbers(step, 0, "values");
  const Tensor &axis = step.constant(1, "axis");
  if (axis.is_real() || axis.elements() != 1)
    wrong(step, "has an axis that is not one whole number");
  const Lines lines = lines_along(x.dims, step.dimension(axis.integers[0], static_cast<int>(x.dims.size())));
  const bool exclusive = step.attributes().integer("exclusive", 0) != 0;
  const bool backwards = step.attributes().integer("reverse", 0) != 0;
  for (std::int64_t line = 0; line < lines.count(); ++line) {
    double total = 0;
    for (std::int64_t i = 0; i < lines.length; ++i) {
      const std::int64_t at = backwards ? lines.length - 1 - i : i;
      double &value = x.values[static_cast<std::size_t>(lines.start(line) + at * lines.inner)];
      const double before = total;
      total += value;
      value = exclusive ? before : total;
    }
  }
  put_numbers(step, step.constant(0, "").type, x);
}

} // namespace convscope::onnx_import
