// Functions of the single elements of constants.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

constexpr double pi = 3.14159265358979323846;

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

// Of an element and the values of two attributes.
struct Function1 {
  double (*of)(double x, double a, double b);
  const char *a = nullptr; // the attributes' names
  double a_default = 0;
  const char *b = nullptr;
  double b_default = 0;
};

const std::unordered_map<std::string, Function1> &functions() {
  using D = double;
  static const std::unordered_map<std::string, Function1> table{
      {"Abs", {[](D x, D, D) { return std::abs(x); }}},
      {"Acos", {[](D x, D, D) { return std::acos(x); }}},
      {"Acosh", {[](D x, D, D) { return std::acosh(x); }}},
      {"Asin", {[](D x, D, D) { return std::asin(x); }}},
      {"Asinh", {[](D x, D, D) { return std::asinh(x); }}},
      {"Atan", {[](D x, D, D) { return std::atan(x); }}},
      {"Atanh", {[](D x, D, D) { return std::atanh(x); }}},
      {"Ceil", {[](D x, D, D) { return std::ceil(x); }}},
      {"Celu", {[](D x, D a, D) { return std::max(x, 0.0) + std::min(0.0, a * std::expm1(x / a)); }, "alpha", 1}},
      {"Cos", {[](D x, D, D) { return std::cos(x); }}},
      {"Cosh", {[](D x, D, D) { return std::cosh(x); }}},
      {"Elu", {[](D x, D a, D) { return x < 0 ? a * std::expm1(x) : x; }, "alpha", 1}},
      {"Erf", {[](D x, D, D) { return std::erf(x); }}},
      {"Exp", {[](D x, D, D) { return std::exp(x); }}},
      {"Floor", {[](D x, D, D) { return std::floor(x); }}},
      {"Gelu", {[](D x, D, D) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }}},
      {"HardSigmoid", {[](D x, D a, D b) { return std::clamp(a * x + b, 0.0, 1.0); }, "alpha", 0.2F, "beta", 0.5}},
      {"HardSwish", {[](D x, D, D) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }}},
      {"IsInf",
       {[](D x, D negative, D positive) { return std::isinf(x) && (x < 0 ? negative : positive) != 0 ? 1.0 : 0.0; },
        "detect_negative", 1, "detect_positive", 1}},
      {"IsNaN", {[](D x, D, D) { return std::isnan(x) ? 1.0 : 0.0; }}},
      {"LeakyRelu", {[](D x, D a, D) { return x < 0 ? a * x : x; }, "alpha", 0.01F}},
      {"Log", {[](D x, D, D) { return std::log(x); }}},
      {"Mish", {[](D x, D, D) { return x * std::tanh(softplus(x)); }}},
      {"Neg", {[](D x, D, D) { return -x; }}},
      {"Not", {[](D x, D, D) { return x == 0 ? 1.0 : 0.0; }}},
      {"Reciprocal", {[](D x, D, D) { return 1 / x; }}},
      {"Relu", {[](D x, D, D) { return x < 0 ? 0 : x; }}},
      {"Round", {[](D x, D, D) { return std::nearbyint(x); }}},
      {"Selu",
       {[](D x, D a, D gamma) { return gamma * (x > 0 ? x : a * std::expm1(x)); }, "alpha", 1.67326319217681884765625,
        "gamma", 1.05070102214813232421875}},
      {"Shrink",
       {[](D x, D lambda, D bias) { return x < -lambda  ? x + bias
                                           : x > lambda ? x - bias
                                                        : 0; }, "lambd", 0.5, "bias",
        0}},
      {"Sigmoid", {[](D x, D, D) { return sigmoid(x); }}},
      {"Sign", {[](D x, D, D) { return sign(x); }}},
      {"Sin", {[](D x, D, D) { return std::sin(x); }}},
      {"Sinh", {[](D x, D, D) { return std::sinh(x); }}},
      {"Softplus", {[](D x, D, D) { return softplus(x); }}},
      {"Softsign", {[](D x, D, D) { return x / (1 + std::abs(x)); }}},
      {"Sqrt", {[](D x, D, D) { return std::sqrt(x); }}},
      {"Swish", {[](D x, D a, D) { return x * sigmoid(a * x); }, "alpha", 1}},
      {"Tan", {[](D x, D, D) { return std::tan(x); }}},
      {"Tanh", {[](D x, D, D) { return std::tanh(x); }}},
      {"ThresholdedRelu", {[](D x, D a, D) { return x > a ? x : 0; }, "alpha", 1}},
  };
  return table;
}

double gelu_by_tanh(double x, double /*a*/, double /*b*/) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / pi) * (x + 0.044715 * x * x * x)));
}

// What is exact beyond a double's 53 bits.
using OfInteger = std::int64_t (*)(std::int64_t);
const std::unordered_map<std::string, OfInteger> of_integers{
    {"Abs", [](std::int64_t x) { return x < 0 ? static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(x)) : x; }},
    {"BitwiseNot", [](std::int64_t x) { return ~x; }},
    {"Neg", [](std::int64_t x) { return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(x)); }},
    {"Relu", [](std::int64_t x) { return std::max<std::int64_t>(x, 0); }},
};

double parameter(Step &step, const char *name, double otherwise) {
  if (name == nullptr)
    return otherwise;
  if (step.op() == "IsInf")
    return static_cast<double>(step.attributes().integer(name, static_cast<std::int64_t>(otherwise)));
  return step.attributes().real(name, otherwise);
}

} // namespace

void fold_function(Step &step) {
  const Tensor &x = step.constant(0, "values");
  if (const auto function = of_integers.find(step.op()); function != of_integers.end() && !x.is_real())
    return step.put_constant(made(step, x.type, x.dims, [&](std::int64_t i) {
      return function->second(x.integers[static_cast<std::size_t>(i)]);
    }));
  const auto found = functions().find(step.op());
  if (found == functions().end())
    wrong(step, "takes bits of numbers that are no integers");
  const Function1 &function = found->second;
  const double a = parameter(step, function.a, function.a_default);
  const double b = parameter(step, function.b, function.b_default);
  auto of = function.of;
  if (step.op() == "Gelu" && step.attributes().text("approximate", "none") == "tanh")
    of = gelu_by_tanh;
  const bool decides = step.op() == "IsInf" || step.op() == "IsNaN" || step.op() == "Not";
  step.put_constant(
      made(step, decides ? ElementType::boolean : x.type, x.dims, [&](std::int64_t i) { return of(x.at(i), a, b); }));
}

void fold_cast(Step &step) {
  const Tensor &x = step.constant(0, "values");
  std::optional<ElementType> to;
  if (step.op() == "CastLike")
    to = step.constant(1, "type").type;
  else
    to = element_type(static_cast<int>(std::clamp<std::int64_t>(step.attributes().integer("to", 1), 0, 1000)));
  if (!to)
    step.unsupported("makes elements of a type that can't be read");
  if (*to == x.type)
    return step.put_same();
  if (!x.is_real() && !is_real(*to))
    return step.put_constant(
        made(step, *to, x.dims, [&](std::int64_t i) { return x.integers[static_cast<std::size_t>(i)]; }));
  step.put_constant(made(step, *to, x.dims, [&](std::int64_t i) { return x.at(i); }));
}

void fold_clip(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const auto bound = [&](std::size_t input, const char *attribute) -> std::optional<Tensor> {
    if (step.opset() < 11) {
      if (step.attributes().find(attribute) == nullptr)
        return {};
      return real_tensor({}, {static_cast<float>(step.attributes().real(attribute, 0))});
    }
    if (!step.has(input))
      return {};
    const Tensor &tensor = step.constant(input, "bounds");
    if (tensor.elements() != 1 || tensor.is_real() != x.is_real())
      wrong(step, "has a bound that is not one number of its values' type");
    return tensor;
  };
  const std::optional<Tensor> low = bound(1, "min"), high = bound(2, "max");
  if (!x.is_real())
    return step.put_constant(made(step, x.type, x.dims, [&](std::int64_t i) {
      const std::int64_t value = x.integers[static_cast<std::size_t>(i)];
      const std::int64_t raised = low && !low->is_real() ? std::max(value, low->integers[0]) : value;
      return high && !high->is_real() ? std::min(raised, high->integers[0]) : raised;
    }));
  step.put_constant(made(step, x.type, x.dims, [&](std::int64_t i) {
    const double value = x.at(i), raised = low && value < low->at(0) ? low->at(0) : value;
    return high && raised > high->at(0) ? high->at(0) : raised;
  }));
}

} // namespace convscope::onnx_import
