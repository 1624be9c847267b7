// Constants combined element by element, broadcast.
#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include <fmt/format.h>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

using I = std::int64_t;
std::uint64_t bits(I value) { return static_cast<std::uint64_t>(value); }

I power(I base, I exponent) {
  std::uint64_t result = 1;
  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  for (std::uint64_t square = bits(base); exponent != 0; exponent >>= 1, square *= square)
    if ((exponent & 1) != 0)
      result *= square;
  return static_cast<I>(result);
}

I modulo(I a, I b, bool of_c) {
  if (b == 0 || b == -1)
    return 0;
  const I rest = a % b;
  return !of_c && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

I shifted(I value, I by, bool left) {
  if (by < 0 || by > 63)
    return 0;
  return static_cast<I>(left ? bits(value) << by : bits(value) >> by);
}

enum class Result { of_first, boolean };

struct Binary2 {
  std::function<double(double, double)> of_reals; // none: it is of integers alone
  std::function<I(I, I)> of_integers;             // wraps around, never overflows; none: as of reals
  Result result = Result::of_first;
};

template <typename Compare> Binary2 comparison(Compare compare) {
  return {[compare](double a, double b) { return compare(a, b) ? 1.0 : 0.0; },
          [compare](I a, I b) { return compare(a, b) ? I{1} : 0; }, Result::boolean};
}

const std::unordered_map<std::string, Binary2> &binaries() {
  const auto add = [](I a, I b) { return static_cast<I>(bits(a) + bits(b)); };
  static const std::unordered_map<std::string, Binary2> table{
      {"Add", {std::plus<>(), add}},
      {"Sum", {std::plus<>(), add}},
      {"Mean", {std::plus<>(), {}}},
      {"Sub", {std::minus<>(), [](I a, I b) { return static_cast<I>(bits(a) - bits(b)); }}},
      {"Mul", {std::multiplies<>(), [](I a, I b) { return static_cast<I>(bits(a) * bits(b)); }}},
      {"Div",
       {[](double a, double b) { return a / b; },
        [](I a, I b) { return b == 0    ? 0
                              : b == -1 ? static_cast<I>(0 - bits(a))
                                        : a / b; }}},
      {"Pow", {[](double a, double b) { return std::pow(a, b); }, power}},
      {"Max",
       {[](double a, double b) { return std::isnan(a) || a > b ? a : b; }, [](I a, I b) { return std::max(a, b); }}},
      {"Min",
       {[](double a, double b) { return std::isnan(a) || a < b ? a : b; }, [](I a, I b) { return std::min(a, b); }}},
      {"Mod", {[](double a, double b) { return std::fmod(a, b); }, [](I a, I b) { return modulo(a, b, false); }}},
      {"PRelu", {[](double x, double slope) { return x < 0 ? x * slope : x; }, {}}},
      {"BitShift", {{}, [](I a, I b) { return shifted(a, b, true); }}},
      {"BitwiseAnd", {{}, [](I a, I b) { return a & b; }}},
      {"BitwiseOr", {{}, [](I a, I b) { return a | b; }}},
      {"BitwiseXor", {{}, [](I a, I b) { return a ^ b; }}},
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

Binary2 binary_of(Step &step) {
  Binary2 op = binaries().at(step.op());
  if (step.op() == "Mod" && step.attributes().integer("fmod", 0) != 0)
    op.of_integers = [](I a, I b) { return modulo(a, b, true); };
  if (step.op() == "BitShift" && step.attributes().text("direction", "") == "RIGHT")
    op.of_integers = [](I a, I b) { return shifted(a, b, false); };
  return op;
}

Tensor combined(Step &step, const Binary2 &op, const Tensor &a, const Tensor &b) {
  const bool real = a.is_real() || b.is_real() || !op.of_integers;
  if (real && !op.of_reals)
    wrong(step, "takes bits of numbers that are no integers");
  const Dims dims = broadcast_dims(step, {a.dims, b.dims});
  // Where the types differ (Pow's may), the result is of the first's.
  const ElementType type = op.result == Result::boolean ? ElementType::boolean : a.type;
  if (a.dims == dims && b.dims == dims && real)
    return made(step, type, dims, [&](I i) { return op.of_reals(a.at(i), b.at(i)); });
  Walk walk(dims, {broadcast_strides(a.dims, dims), broadcast_strides(b.dims, dims)});
  const auto place = [&](std::size_t list) { return static_cast<std::size_t>(walk.at(list)); };
  if (real)
    return made(step, type, dims, [&](I) {
      const double value = op.of_reals(a.at(walk.at(0)), b.at(walk.at(1)));
      walk.advance();
      return value;
    });
  return made(step, type, dims, [&](I) {
    const I value = op.of_integers(a.integers[place(0)], b.integers[place(1)]);
    walk.advance();
    return value;
  });
}

} // namespace

void fold_arithmetic(Step &step) {
  if (step.inputs() <= 1)
    return step.put_same();
  const Binary2 op = binary_of(step);
  Tensor result = combined(step, op, step.constant(0, "values"), step.constant(1, "values"));
  for (std::size_t i = 2; i < step.inputs(); ++i)
    result = combined(step, op, result, step.constant(i, "values"));
  if (step.op() == "Mean") {
    const Tensor sum = std::move(result);
    result = made(step, sum.type, sum.dims, [&](I i) { return sum.at(i) / static_cast<double>(step.inputs()); });
  }
  step.put_constant(std::move(result));
}

void fold_where(Step &step) {
  const Tensor &condition = step.constant(0, "condition"), &a = step.constant(1, "values"),
               &b = step.constant(2, "values");
  if (condition.is_real() || a.is_real() != b.is_real())
    wrong(step, "chooses among values of different types");
  const Dims dims = broadcast_dims(step, {condition.dims, a.dims, b.dims});
  Walk walk(dims, {broadcast_strides(condition.dims, dims), broadcast_strides(a.dims, dims),
                   broadcast_strides(b.dims, dims)});
  const auto choose = [&](const auto &of_a, const auto &of_b) {
    const bool first = condition.integers[static_cast<std::size_t>(walk.at(0))] != 0;
    const auto value = (first ? of_a : of_b)[static_cast<std::size_t>(walk.at(first ? 1 : 2))];
    walk.advance();
    return value;
  };
  if (a.is_real())
    return step.put_constant(made(step, a.type, dims, [&](I) { return double{choose(a.reals, b.reals)}; }));
  step.put_constant(made(step, a.type, dims, [&](I) { return choose(a.integers, b.integers); }));
}

} // namespace convscope::onnx_import
