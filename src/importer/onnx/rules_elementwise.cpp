// Rules of ops on single elements.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "importer/onnx/elementwise.h"
#include "importer/onnx/ops.h"

namespace convscope::onnx_import {

namespace {

struct ElementFunction {
  Function function;
  const char *a = nullptr; // the attributes' names
  double a_default = 1;
  const char *b = nullptr;
  double b_default = 0;
};

const std::unordered_map<std::string, ElementFunction> element_functions{
    {"Abs", {Function::abs}},
    {"Celu", {Function::celu, "alpha", 1}},
    {"Elu", {Function::elu, "alpha", 1}},
    {"Erf", {Function::erf}},
    {"Exp", {Function::exp}},
    {"HardSigmoid", {Function::hard_sigmoid, "alpha", 0.2, "beta", 0.5}},
    {"HardSwish", {Function::hard_swish, nullptr, 1.0 / 6, nullptr, 0.5}},
    {"LeakyRelu", {Function::leaky_relu, "alpha", 0.01}},
    {"Log", {Function::log}},
    {"Mish", {Function::mish}},
    {"Neg", {Function::linear, nullptr, -1}},
    {"Reciprocal", {Function::reciprocal}},
    {"Round", {Function::round, nullptr, 1}},
    {"Selu", {Function::selu, "alpha", 1.6732631921768188, "gamma", 1.0507010221481323}},
    {"Sigmoid", {Function::sigmoid}},
    {"Softplus", {Function::softplus}},
    {"Softsign", {Function::softsign}},
    {"Sqrt", {Function::sqrt}},
    {"Tanh", {Function::tanh}},
    {"ThresholdedRelu", {Function::thresholded, "alpha", 1}},
};

Arithmetic arithmetic_of(const std::string &op) {
  return op == "Add" || op == "Sum" || op == "Mean" ? Arithmetic::add
         : op == "Sub"                              ? Arithmetic::subtract
         : op == "Mul"                              ? Arithmetic::multiply
         : op == "Div"                              ? Arithmetic::divide
         : op == "Max"                              ? Arithmetic::maximum
         : op == "Min"                              ? Arithmetic::minimum
                                                    : Arithmetic::power;
}

Combined combine_inputs(Step &step, std::size_t a, std::size_t b) {
  const Arithmetic arithmetic = arithmetic_of(step.op());
  if (step.is_constant(b) && !step.is_constant(a))
    return combine_constant(step, arithmetic, a, b);
  if (step.is_constant(a) && !step.is_constant(b))
    return combine_constant(step, arithmetic, b, a);
  return combine(step, arithmetic, step.map(a), step.map(b));
}

// A bound of Clip: an attribute before opset 11, then an input.
double bound(Step &step, std::size_t input, const char *attribute, double otherwise) {
  if (step.opset() < 11)
    return step.attributes().real(attribute, otherwise);
  if (!step.has(input))
    return otherwise;
  const Tensor &tensor = step.constant(input, "bounds");
  if (tensor.elements() != 1)
    step.fail("has a bound that is not one number");
  return tensor.at(0);
}

} // namespace

void unary(Step &step) {
  Value &x = step.map();
  if (step.op() == "Relu")
    return step.put_map(step.add(Relu{}, {x.node}), x.view);
  if (step.op() == "Gelu") {
    const bool by_tanh = step.attributes().text("approximate", "none") == "tanh";
    return step.put_map(unary(step, x.node, by_tanh ? Function::gelu_tanh : Function::gelu), x.view);
  }
  if (step.op() == "Swish") {
    const double alpha = step.attributes().real("alpha", 1);
    if (alpha != 1)
      step.unsupported("its alpha is not 1");
    return step.put_map(unary(step, x.node, Function::silu), x.view);
  }
  const ElementFunction &function = element_functions.at(step.op());
  const auto parameter = [&](const char *name, double otherwise) {
    return static_cast<float>(name == nullptr ? otherwise : step.attributes().real(name, otherwise));
  };
  const float a = parameter(function.a, function.a_default), b = parameter(function.b, function.b_default);
  if (!std::isfinite(a) || !std::isfinite(b))
    step.fail("has an attribute that is infinite or not a number");
  step.put_map(unary(step, x.node, function.function, a, b), x.view);
}

void clip(Step &step) {
  constexpr auto most = static_cast<double>(std::numeric_limits<float>::max());
  // Exporters write infinity, the largest float, or nothing for "no bound".
  const double low = std::clamp(bound(step, 1, "min", -most), -most, most);
  const double high = std::clamp(bound(step, 2, "max", most), -most, most);
  if (!(low == low) || !(high == high))
    step.fail("has a bound that is not a number");
  Value &x = step.map();
  if (low == -most && high == most)
    return step.put_same();
  if (low == 0 && high > 0) {
    Relu relu;
    if (high < most)
      relu.ceiling = static_cast<float>(high);
    return step.put_map(step.add(relu, {x.node}), x.view);
  }
  step.put_map(unary(step, x.node, Function::clip, static_cast<float>(std::min(low, high)), static_cast<float>(high)),
               x.view);
}

void p_relu(Step &step) {
  Value &x = step.map();
  const Tensor &slope = step.constant(1, "slopes");
  step.count_parameters(slope.elements());
  std::optional<Aligned> slopes = align(step, slope, x);
  if (!slopes)
    step.unsupported("has slopes of " + dims_text(slope.dims));
  slopes->values = step.weights(real_tensor({}, std::move(slopes->values)));
  if (slopes->single())
    return step.put_map(unary(step, x.node, Function::leaky_relu, slopes->values[0]), x.view);
  if (slopes->per_channel())
    return step.put_map(step.add(PRelu{std::move(slopes->values)}, {x.node}), x.view);
  // max(x, 0) + slope * min(x, 0)
  const NodeId positive = step.add(Relu{}, {x.node});
  const NodeId negative = unary(step, x.node, Function::clip, std::numeric_limits<float>::lowest(), 0);
  const NodeId constant = step.add(Constant{slopes->shape, std::move(slopes->values)}, {});
  const NodeId sloped = step.add(Binary{Arithmetic::multiply}, {negative, constant});
  step.put_map(step.add(Add{}, {positive, sloped}), x.view);
}

void arithmetic(Step &step) {
  Combined combined = combine_inputs(step, 0, 1);
  step.put_map(combined.id, std::move(combined.view));
}

void many(Step &step) {
  if (step.inputs() == 0)
    step.fail("has no inputs");
  if (step.inputs() == 1)
    return step.put_same();
  Combined sum = combine_inputs(step, 0, 1);
  for (std::size_t i = 2; i < step.inputs(); ++i) {
    Value so_far{Value::Kind::map, {}, nullptr, sum.id, sum.view};
    sum = combine(step, arithmetic_of(step.op()), so_far, step.map(i));
  }
  if (step.op() == "Mean")
    sum.id = linear(step, sum.id, 1.0 / static_cast<double>(step.inputs()), 0);
  step.put_map(sum.id, std::move(sum.view));
}

// Floats lose their fraction; whole numbers of a narrower type stay what they are.
void cast_to_whole(Step &step, ElementType to) {
  Value &x = step.map();
  if (is_real(x.type) || to == ElementType::boolean || integer_range(to).low > integer_range(x.type).low ||
      integer_range(to).high < integer_range(x.type).high)
    step.unsupported("makes numbers other than floats");
  Value same{Value::Kind::map, {}, nullptr, x.node, x.view};
  same.type = to;
  step.put(std::move(same));
}

void same(Step &step) {
  if (step.op() == "Cast") {
    const std::int64_t to = step.attributes().integer("to", onnx::TensorProto::FLOAT);
    const ElementType made = element_type(static_cast<int>(to)).value_or(ElementType::int64);
    if (!is_real(made))
      return cast_to_whole(step, made);
  }
  if (step.op() == "Dropout" && step.has(2) && step.is_constant(2) && step.value(2).tensor.elements() == 1 &&
      step.value(2).tensor.at(0) != 0)
    step.unsupported("drops out as in training");
  if (step.is_constant(0))
    step.map();
  step.put_same();
}

} // namespace convscope::onnx_import
