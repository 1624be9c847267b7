// Ops on constants, element by element and over dimensions: what shape arithmetic and prepared weights need.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "importer/onnx/ops.h"
#include "importer/onnx/strides.h"

namespace convscope::onnx_import {

namespace {

bool measured(Step &step) {
  for (std::size_t i = 0; i < step.inputs(); ++i)
    if (step.has(i) && step.value(i).tensor.measured)
      return true;
  return false;
}

Tensor empty_like(ElementType type, Dims dims, std::int64_t count) {
  Tensor tensor{type, std::move(dims), {}, {}, false};
  if (type == ElementType::real)
    tensor.reals.own().resize(static_cast<std::size_t>(count));
  else
    tensor.integers.resize(static_cast<std::size_t>(count));
  return tensor;
}

std::int64_t to_integer(double value) {
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -0x1p62, 0x1p62));
}

// ---- One input ----

using Unary1 = double (*)(double);
const std::unordered_map<std::string, Unary1> unaries{
    {"Abs", [](double x) { return std::abs(x); }},
    {"Ceil", [](double x) { return std::ceil(x); }},
    {"Cos", [](double x) { return std::cos(x); }},
    {"Erf", [](double x) { return std::erf(x); }},
    {"Exp", [](double x) { return std::exp(x); }},
    {"Floor", [](double x) { return std::floor(x); }},
    {"Log", [](double x) { return std::log(x); }},
    {"Neg", [](double x) { return -x; }},
    {"Reciprocal", [](double x) { return 1 / x; }},
    {"Relu", [](double x) { return std::max(x, 0.0); }},
    {"Round", [](double x) { return std::nearbyint(x); }},
    {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"Sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : 0.0; }},
    {"Sin", [](double x) { return std::sin(x); }},
    {"Sqrt", [](double x) { return std::sqrt(x); }},
    {"Tanh", [](double x) { return std::tanh(x); }},
};

bool fold_unary(Step &step) {
  const auto function = unaries.find(step.op());
  if (function == unaries.end())
    return false;
  Tensor x = step.take(0, "values");
  for (float &value : x.reals.own())
    value = static_cast<float>(function->second(value));
  for (std::int64_t &value : x.integers)
    value = step.op() == "Abs"   ? static_cast<std::int64_t>(value < 0 ? 0 - static_cast<std::uint64_t>(value) : value)
            : step.op() == "Neg" ? static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value))
                                 : to_integer(function->second(static_cast<double>(value)));
  step.put_constant(std::move(x));
  return true;
}

bool fold_not(Step &step) {
  if (step.op() != "Not")
    return false;
  Tensor x = step.take(0, "values");
  for (std::int64_t &value : x.integers)
    value = value == 0 ? 1 : 0;
  step.put_constant(std::move(x));
  return true;
}

bool fold_cast(Step &step) {
  if (step.op() != "Cast" && step.op() != "CastLike")
    return false;
  ElementType type = ElementType::real;
  if (step.op() == "CastLike") {
    type = step.constant(1, "type").type;
  } else {
    const std::optional<ElementType> to =
        element_type(static_cast<int>(std::clamp<std::int64_t>(step.attributes().integer("to", 1), 0, 1000)));
    if (!to)
      step.unsupported("makes elements of a type that can't be read");
    type = *to;
  }
  Tensor x = step.take(0, "values");
  if (type == x.type)
    return step.put_constant(std::move(x)), true;
  step.translation().spend(x.elements());
  Tensor cast = empty_like(type, x.dims, x.elements());
  cast.measured = x.measured;
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    const double value = x.at(i);
    const auto at = static_cast<std::size_t>(i);
    if (type == ElementType::real)
      cast.reals.own()[at] = static_cast<float>(value);
    else if (type == ElementType::boolean)
      cast.integers[at] = value != 0 ? 1 : 0;
    else if (x.is_real())
      cast.integers[at] = to_integer(value);
    else
      cast.integers[at] = x.integers[at];
  }
  step.put_constant(std::move(cast));
  return true;
}

// ---- Two inputs and more, broadcast ----

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::uint64_t result = 1;
  if (exponent < 0)
    return base == 1 ? 1 : 0;
  for (std::uint64_t square = bits(base); exponent != 0; exponent >>= 1, square *= square)
    if ((exponent & 1) != 0)
      result *= square;
  return static_cast<std::int64_t>(result);
}

std::int64_t modulo(std::int64_t a, std::int64_t b, bool of_c) {
  if (b == 0 || b == -1)
    return 0;
  const std::int64_t rest = a % b;
  return !of_c && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

struct Binary2 {
  std::function<double(double, double)> of_reals;
  std::function<std::int64_t(std::int64_t, std::int64_t)> of_integers; // wraps around, never overflows
  bool compares = false;
};

template <typename Compare> Binary2 comparison(Compare compare) {
  return {[compare](double a, double b) { return compare(a, b) ? 1.0 : 0.0; },
          [compare](std::int64_t a, std::int64_t b) { return compare(a, b) ? std::int64_t{1} : 0; }, true};
}

const std::unordered_map<std::string, Binary2> &binaries() {
  using I = std::int64_t;
  static const std::unordered_map<std::string, Binary2> table{
      {"Add", {std::plus<>(), [](I a, I b) { return static_cast<I>(bits(a) + bits(b)); }}},
      {"Sum", {std::plus<>(), [](I a, I b) { return static_cast<I>(bits(a) + bits(b)); }}},
      {"Sub", {std::minus<>(), [](I a, I b) { return static_cast<I>(bits(a) - bits(b)); }}},
      {"Mul", {std::multiplies<>(), [](I a, I b) { return static_cast<I>(bits(a) * bits(b)); }}},
      {"Div", {std::divides<>(), [](I a, I b) { return b == 0    ? 0
                                                       : b == -1 ? static_cast<I>(0 - bits(a))
                                                                 : a / b; }}},
      {"Pow", {[](double a, double b) { return std::pow(a, b); }, power}},
      {"Max", {[](double a, double b) { return std::max(a, b); }, [](I a, I b) { return std::max(a, b); }}},
      {"Min", {[](double a, double b) { return std::min(a, b); }, [](I a, I b) { return std::min(a, b); }}},
      {"Mod", {[](double a, double b) { return std::fmod(a, b); }, [](I a, I b) { return modulo(a, b, false); }}},
      {"Equal", comparison([](auto a, auto b) { return a == b; })},
      {"Less", comparison([](auto a, auto b) { return a < b; })},
      {"LessOrEqual", comparison([](auto a, auto b) { return a <= b; })},
      {"Greater", comparison([](auto a, auto b) { return a > b; })},
      {"GreaterOrEqual", comparison([](auto a, auto b) { return a >= b; })},
      {"And", comparison([](auto a, auto b) { return a != 0 && b != 0; })},
      {"Or", comparison([](auto a, auto b) { return a != 0 || b != 0; })},
      {"Xor", comparison([](auto a, auto b) { return (a != 0) != (b != 0); })},
  };
  return table;
}

Tensor combined(Step &step, const Binary2 &op, const Tensor &a, const Tensor &b) {
  const Dims dims = broadcast_dims(step, {a.dims, b.dims});
  const std::int64_t count = checked_count(step, dims);
  const bool real = a.is_real() || b.is_real();
  Tensor result = empty_like(op.compares ? ElementType::boolean
                             : real      ? ElementType::real
                                         : ElementType::integer,
                             dims, count);
  Walk walk(dims, {broadcast_strides(a.dims, dims), broadcast_strides(b.dims, dims)});
  for (std::int64_t i = 0; i < count; ++i, walk.advance()) {
    const auto at = static_cast<std::size_t>(i);
    if (real) {
      const double value = op.of_reals(a.at(walk.at(0)), b.at(walk.at(1)));
      if (op.compares)
        result.integers[at] = value != 0 ? 1 : 0;
      else
        result.reals.own()[at] = static_cast<float>(value);
    } else {
      result.integers[at] = op.of_integers(a.integers[static_cast<std::size_t>(walk.at(0))],
                                           b.integers[static_cast<std::size_t>(walk.at(1))]);
    }
  }
  return result;
}

bool fold_binary(Step &step) {
  const auto op = binaries().find(step.op());
  if (op == binaries().end() || step.inputs() == 0)
    return false;
  const bool from_map = measured(step);
  if (step.inputs() == 1) {
    step.put_same();
    return true;
  }
  Binary2 function = op->second;
  if (step.op() == "Mod" && step.attributes().integer("fmod", 0) != 0)
    function.of_integers = [](std::int64_t a, std::int64_t b) { return modulo(a, b, true); };
  Tensor result = combined(step, function, step.constant(0, "values"), step.constant(1, "values"));
  for (std::size_t i = 2; i < step.inputs(); ++i)
    result = combined(step, function, result, step.constant(i, "values"));
  result.measured = from_map;
  step.put_constant(std::move(result));
  return true;
}

bool fold_where(Step &step) {
  if (step.op() != "Where")
    return false;
  const Tensor &condition = step.constant(0, "condition"), &a = step.constant(1, "values"),
               &b = step.constant(2, "values");
  if (condition.is_real() || a.is_real() != b.is_real())
    step.fail("chooses among values of different types");
  const Dims dims = broadcast_dims(step, {condition.dims, a.dims, b.dims});
  const std::int64_t count = checked_count(step, dims);
  Tensor result = empty_like(a.type, dims, count);
  Walk walk(dims, {broadcast_strides(condition.dims, dims), broadcast_strides(a.dims, dims),
                   broadcast_strides(b.dims, dims)});
  for (std::int64_t i = 0; i < count; ++i, walk.advance()) {
    const bool first = condition.integers[static_cast<std::size_t>(walk.at(0))] != 0;
    const Tensor &from = first ? a : b;
    const auto place = static_cast<std::size_t>(walk.at(first ? 1 : 2)), at = static_cast<std::size_t>(i);
    if (from.is_real())
      result.reals.own()[at] = from.reals[place];
    else
      result.integers[at] = from.integers[place];
  }
  result.measured = measured(step);
  step.put_constant(std::move(result));
  return true;
}

// ---- Over dimensions ----

bool fold_reduce(Step &step) {
  static const std::unordered_map<std::string, double (*)(double, double)> reductions{
      {"ReduceProd", [](double a, double b) { return a * b; }},
      {"ReduceSum", [](double a, double b) { return a + b; }},
      {"ReduceMean", [](double a, double b) { return a + b; }},
      {"ReduceMax", [](double a, double b) { return std::max(a, b); }},
      {"ReduceMin", [](double a, double b) { return std::min(a, b); }}};
  const auto function = reductions.find(step.op());
  if (function == reductions.end())
    return false;
  const Tensor &x = step.constant(0, "values");
  const auto rank = static_cast<int>(x.dims.size());
  const std::vector<std::int64_t> axes = step.axes(1).value_or(std::vector<std::int64_t>{});
  if (axes.empty() && step.attributes().integer("noop_with_empty_axes", 0) != 0)
    return step.put_same(), true;
  std::vector<bool> reduced(x.dims.size(), axes.empty());
  for (const std::int64_t axis : axes)
    reduced[static_cast<std::size_t>(step.dimension(axis, rank))] = true;
  if (x.elements() == 0)
    step.unsupported("reduces nothing");
  Dims dims = x.dims, kept;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    dims[i] = reduced[i] ? 1 : dims[i];
    if (!reduced[i] || step.attributes().integer("keepdims", 1) != 0)
      kept.push_back(dims[i]);
  }
  const std::int64_t count = checked_count(step, dims);
  step.translation().spend(x.elements());
  std::vector<double> values(static_cast<std::size_t>(count));
  std::vector<bool> begun(values.size());
  Walk walk(x.dims, {broadcast_strides(dims, x.dims)});
  for (std::int64_t i = 0; i < x.elements(); ++i, walk.advance()) {
    const auto at = static_cast<std::size_t>(walk.at(0));
    values[at] = begun[at] ? function->second(values[at], x.at(i)) : x.at(i);
    begun[at] = true;
  }
  Tensor result = empty_like(x.type, kept, count);
  result.measured = x.measured;
  const std::int64_t folded = x.elements() / count;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (step.op() == "ReduceMean")
      values[i] /= static_cast<double>(folded);
    if (x.is_real())
      result.reals.own()[i] = static_cast<float>(values[i]);
    else
      result.integers[i] = to_integer(values[i]);
  }
  step.put_constant(std::move(result));
  return true;
}

bool fold_clip(Step &step) {
  if (step.op() != "Clip" || step.opset() < 11)
    return false;
  Tensor x = step.take(0, "values");
  for (const std::size_t input : {1, 2}) {
    if (!step.has(input))
      continue;
    const Tensor &bound = step.constant(input, "bounds");
    if (bound.elements() != 1 || bound.is_real() != x.is_real())
      step.fail("has a bound that is not one number of its values' type");
    for (float &value : x.reals.own())
      value = input == 1 ? std::max(value, bound.reals[0]) : std::min(value, bound.reals[0]);
    for (std::int64_t &value : x.integers)
      value = input == 1 ? std::max(value, bound.integers[0]) : std::min(value, bound.integers[0]);
  }
  step.put_constant(std::move(x));
  return true;
}

} // namespace

bool fold_arithmetic(Step &step) {
  if (step.inputs() == 0)
    return false;
  return fold_unary(step) || fold_not(step) || fold_cast(step) || fold_binary(step) || fold_where(step) ||
         fold_reduce(step) || fold_clip(step);
}

} // namespace convscope::onnx_import
