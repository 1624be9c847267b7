// Ops on quantized values: each is the op on real numbers between what dequantizes its inputs and what quantizes its
// output again.
#include <unordered_map>

#include <fmt/format.h>

#include "importer/onnx/expansions.h"
#include "importer/onnx/not_supported.h"

namespace convscope::onnx_import {

namespace {

// (value, scale, zero point) from input i on; a scale of one number a channel is along `axis`.
std::string dequantized(Body &body, const std::string &value, const std::string &scale, const std::string &zero,
                        std::int64_t axis) {
  std::string real = body.make("DequantizeLinear", {value, scale, zero});
  body.with("axis", axis);
  return real;
}
std::string dequantized(Body &body, std::size_t i, std::int64_t axis = 1) {
  return dequantized(body, body.in(i), body.in(i + 1), body.in(i + 2), axis);
}

// Biases, whose scale is that of what they are added to.
std::string dequantized_bias(Body &body, std::size_t i, const std::string &x_scale, const std::string &w_scale) {
  if (!body.has(i))
    return "";
  return dequantized(body, body.in(i), body.make("Mul", {x_scale, w_scale}), "", 0);
}

// Scale and zero point: inputs i and i + 1.
void put_quantized(Body &body, const std::string &real, std::size_t i) {
  body.put(body.make("QuantizeLinear", {real, body.in(i), body.in(i + 1)}));
}

// (x, xs, xz, w, ws, wz, ys, yz, bias)
void q_linear_conv(Body &body) {
  const bool last = body.attributes().integer("channels_last", 0) != 0;
  std::string x = dequantized(body, 0);
  if (last)
    x = body.channels_first(x);
  const std::string w = dequantized(body, 3, 0), bias = dequantized_bias(body, 8, body.in(1), body.in(4));
  std::string y = body.make("Conv", {x, w, bias}, "Conv");
  body.with_own({"channels_last"});
  put_quantized(body, last ? body.channels_last(y) : y, 6);
}

// (a, as, az, b, bs, bz, ys, yz); a scale for each column of b
void q_linear_mat_mul(Body &body) {
  const std::string a = dequantized(body, 0, -2), b = dequantized(body, 3, -1);
  put_quantized(body, body.make("MatMul", {a, b}, "MatMul"), 6);
}

// (a, as, az, b, bs, bz, c, ys, yz); real numbers where there is no ys
void q_gemm(Body &body) {
  const double alpha = body.attributes().real("alpha", 1);
  const bool transposed = body.attributes().integer("transB", 0) != 0;
  const std::string a = dequantized(body, 0), b = dequantized(body, 3, transposed ? 0 : 1);
  const std::string a_scale = alpha == 1 ? body.in(1) : body.make("Mul", {body.in(1), body.number(alpha)});
  const std::string y = body.make("Gemm", {a, b, dequantized_bias(body, 6, a_scale, body.in(4))}, "Gemm");
  body.with_own({});
  if (body.has(7))
    put_quantized(body, y, 7);
  else
    body.put(y);
}

// (x, zero point of x) as numbers of which zero is 0
std::string centred(Body &body, std::size_t i, std::size_t zero, std::int64_t axis) {
  return body.has(zero) ? dequantized(body, body.in(i), body.number(1), body.in(zero), axis) : body.in(i);
}

void conv_integer(Body &body) { // (x, w, xz, wz)
  const std::string x = centred(body, 0, 2, 1), w = centred(body, 1, 3, 0);
  body.put(body.make("Conv", {x, w}));
  body.with_own({});
}

void mat_mul_integer(Body &body) { // (a, b, az, bz)
  const std::string a = centred(body, 0, 2, -2), b = centred(body, 1, 3, -1);
  body.put(body.make("MatMul", {a, b}));
}

std::string biased(Body &body, const std::string &product, std::size_t bias) {
  return body.has(bias) ? body.make("Add", {product, body.in(bias)}) : product;
}

void mat_mul_integer_to_float(Body &body) { // (a, b, as, bs, az, bz, bias)
  const std::string a = dequantized(body, body.in(0), body.in(2), body.in(4), -2);
  const std::string b = dequantized(body, body.in(1), body.in(3), body.in(5), -1);
  body.put(biased(body, body.make("MatMul", {a, b}), 6));
}

// (a, b, bs, bz, bias): a is quantized by its own range, which leaves it nearly as it is
void dynamic_quantize_mat_mul(Body &body) {
  const std::string b = dequantized(body, body.in(1), body.in(2), body.in(3), -1);
  body.put(biased(body, body.make("MatMul", {body.in(0), b}), 4));
}

// (a, as, az, b, bs, bz, ys, yz)
void binary(Body &body, const char *op) {
  const std::string a = dequantized(body, 0), b = dequantized(body, 3);
  put_quantized(body, body.make(op, {a, b}, op), 6);
}
void q_linear_add(Body &body) { binary(body, "Add"); }
void q_linear_mul(Body &body) { binary(body, "Mul"); }

// (x, xs, xz, ys, yz); pools may have their channels last
void one_input(Body &body, const char *op, bool pool) {
  const bool last = pool && body.attributes().integer("channels_last", 0) != 0;
  const std::string x = dequantized(body, 0);
  const std::string y = body.make(op, {last ? body.channels_first(x) : x}, op);
  body.with_own({"channels_last"});
  put_quantized(body, last ? body.channels_last(y) : y, 3);
}
void q_linear_sigmoid(Body &body) { one_input(body, "Sigmoid", false); }
void q_linear_leaky_relu(Body &body) { one_input(body, "LeakyRelu", false); }
void q_linear_average_pool(Body &body) { one_input(body, "AveragePool", true); }
void q_linear_global_average_pool(Body &body) { one_input(body, "GlobalAveragePool", true); }
void q_linear_reduce_mean(Body &body) { one_input(body, "ReduceMean", false); }

void q_linear_softmax(Body &body) {
  if (body.attributes().integer("opset", 13) < 13)
    body.set_opset(12);
  const std::string y = body.make("Softmax", {dequantized(body, 0)}, "Softmax");
  body.with("axis", body.attributes().integer("axis", -1));
  put_quantized(body, y, 3);
}

// (ys, yz, and of each part: x, xs, xz)
void q_linear_concat(Body &body) {
  if (body.inputs() < 5 || body.inputs() % 3 != 2)
    throw NotSupported(fmt::format("has {} inputs", body.inputs()));
  std::vector<std::string> parts;
  for (std::size_t i = 2; i < body.inputs(); i += 3)
    parts.push_back(dequantized(body, i));
  const std::string y = body.make("Concat", parts, "Concat");
  body.with_own({});
  put_quantized(body, y, 0);
}

void quantize_linear(Body &body) {
  body.put(body.make("QuantizeLinear", {body.in(0), body.in(1), body.in(2)}));
  body.with_own({});
}

void dequantize_linear(Body &body) {
  body.put(body.make("DequantizeLinear", {body.in(0), body.in(1), body.in(2)}));
  body.with_own({});
}

} // namespace

Expand quantized_expansion(const std::string &domain, const std::string &op) {
  static const Expansions standard{
      {"ConvInteger", conv_integer},
      {"MatMulInteger", mat_mul_integer},
      {"QLinearConv", q_linear_conv},
      {"QLinearMatMul", q_linear_mat_mul},
  };
  static const Expansions microsoft{
      {"ConvInteger", conv_integer},
      {"DequantizeLinear", dequantize_linear},
      {"DynamicQuantizeMatMul", dynamic_quantize_mat_mul},
      {"MatMulInteger", mat_mul_integer},
      {"MatMulIntegerToFloat", mat_mul_integer_to_float},
      {"QGemm", q_gemm},
      {"QLinearAdd", q_linear_add},
      {"QLinearAveragePool", q_linear_average_pool},
      {"QLinearConcat", q_linear_concat},
      {"QLinearConv", q_linear_conv},
      {"QLinearGlobalAveragePool", q_linear_global_average_pool},
      {"QLinearLeakyRelu", q_linear_leaky_relu},
      {"QLinearMatMul", q_linear_mat_mul},
      {"QLinearMul", q_linear_mul},
      {"QLinearReduceMean", q_linear_reduce_mean},
      {"QLinearSigmoid", q_linear_sigmoid},
      {"QLinearSoftmax", q_linear_softmax},
      {"QuantizeLinear", quantize_linear},
  };
  return expansion_in(domain.empty() ? standard : microsoft, domain, op);
}

} // namespace convscope::onnx_import
