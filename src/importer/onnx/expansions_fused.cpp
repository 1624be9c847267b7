// What onnxruntime's optimizer joins (com.microsoft), and ops that standard ones do at once.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "importer/onnx/expansions.h"
#include "importer/onnx/not_supported.h"

namespace convscope::onnx_import {

namespace {

// FusedConv's and FusedGemm's activation of `x`, and what it takes.
std::string activated(Body &body, const std::string &x, const std::string &activation, const std::vector<float> &p) {
  const auto takes = [&](std::size_t count) {
    if (p.size() > count)
      throw NotSupported(fmt::format("its activation {} has {} parameters", activation, p.size()));
  };
  const auto parameter = [&](std::size_t i, double otherwise) {
    return i < p.size() ? static_cast<double>(p[i]) : otherwise;
  };
  if (activation.empty())
    return x;
  if (activation == "Clip") {
    if (p.size() != 2)
      throw NotSupported("its Clip has no bounds");
    return body.make("Clip", {x, body.number(p[0]), body.number(p[1])});
  }
  std::string y = body.make(activation, {x});
  if (activation == "LeakyRelu" || activation == "Elu" || activation == "ThresholdedRelu") {
    takes(1);
    body.with("alpha", parameter(0, activation == "LeakyRelu" ? 0.01 : 1));
  } else if (activation == "HardSigmoid") {
    takes(2);
    body.with("alpha", parameter(0, 0.2)).with("beta", parameter(1, 0.5));
  } else if (activation == "Relu" || activation == "Sigmoid" || activation == "Tanh" || activation == "HardSwish" ||
             activation == "Softplus" || activation == "Softsign" || activation == "Gelu") {
    takes(0);
  } else {
    throw NotSupported(fmt::format("its activation '{}' is not supported", activation));
  }
  return y;
}

void fused_conv(Body &body) {
  std::string y = body.make("Conv", {body.in(0), body.in(1), body.in(2)}, "Conv");
  body.with_own({"activation", "activation_params"});
  if (body.has(3))
    y = body.make("Add", {y, body.in(3)}, "Add");
  const std::string activation = body.attributes().text("activation", "");
  body.put(activated(body, y, activation, body.attributes().reals("activation_params").value_or(std::vector<float>{})));
}

void fused_gemm(Body &body) {
  const std::string y = body.make("Gemm", {body.in(0), body.in(1), body.in(2)}, "Gemm");
  std::vector<std::string> own{"activation"};
  std::vector<float> parameters;
  for (const char *name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    own.emplace_back(name);
    if (body.attributes().find(name) != nullptr)
      parameters.push_back(static_cast<float>(body.attributes().real(name, 0)));
  }
  body.with_own(own);
  body.put(activated(body, y, body.attributes().text("activation", ""), parameters));
}

// Of x, or of x and a bias.
void gelu(Body &body) {
  body.put(body.make("Gelu", {body.has(1) ? body.make("Add", {body.in(0), body.in(1)}) : body.in(0)}));
}

void fast_gelu(Body &body) {
  gelu(body);
  body.with("approximate", std::string("tanh"));
}

void quick_gelu(Body &body) {
  const double alpha = body.attributes().real("alpha", 1.702F);
  const std::string scaled = alpha == 1 ? body.in(0) : body.make("Mul", {body.in(0), body.number(alpha)});
  body.put(body.make("Mul", {body.in(0), body.make("Sigmoid", {scaled})}));
}

std::vector<std::int64_t> axes_from(std::int64_t axis) {
  if (axis >= 0 || axis < -16)
    throw NotSupported(fmt::format("is over the axes from {} on", axis));
  std::vector<std::int64_t> axes(static_cast<std::size_t>(-axis));
  std::iota(axes.begin(), axes.end(), axis);
  return axes;
}

// x over the root of its mean square, times a scale.
std::string root_mean_square(Body &body, const std::string &x, const std::string &scale, std::int64_t axis) {
  const std::string mean = body.make("ReduceMean", {body.make("Mul", {x, x})});
  body.with("axes", axes_from(axis));
  const std::string more = body.make("Add", {mean, body.number(body.attributes().real("epsilon", 1e-5F))});
  return body.make("Mul", {body.make("Div", {x, body.make("Sqrt", {more})}), scale});
}

void only_first_output(const Body &body) {
  for (std::size_t i = 1; i < 4; ++i)
    if (body.wants(i))
      throw NotSupported("its statistics as outputs are not supported");
}

void rms_normalization(Body &body) {
  only_first_output(body);
  body.put(root_mean_square(body, body.in(0), body.in(1), body.attributes().integer("axis", -1)));
}

// (input, skip, gamma, beta, bias) and (input, skip, gamma, bias) of the simplified one; the sum is output 3.
void skip_normalization(Body &body, bool simplified) {
  if (body.wants(1) || body.wants(2))
    throw NotSupported("its statistics as outputs are not supported");
  std::string sum = body.make("Add", {body.in(0), body.in(1)}, "Add");
  if (const std::size_t bias = simplified ? 3 : 4; body.has(bias))
    sum = body.make("Add", {sum, body.in(bias)});
  if (simplified) {
    body.put(root_mean_square(body, sum, body.in(2), -1));
  } else {
    const std::string y = body.make("LayerNormalization", {sum, body.in(2), body.in(3)});
    body.with("epsilon", body.attributes().real("epsilon", 1e-5F));
    body.put(y);
  }
  body.put("");
  body.put("");
  body.put(sum);
}

void skip_layer_normalization(Body &body) { skip_normalization(body, false); }
void skip_simplified_layer_normalization(Body &body) { skip_normalization(body, true); }

// (x, gamma, beta), channels last unless it says otherwise; then SiLU where it says so.
void group_norm(Body &body) {
  const bool last = body.attributes().integer("channels_last", 1) != 0;
  const std::string x = last ? body.channels_first(body.in(0)) : body.in(0);
  std::string y = body.make("GroupNormalization", {x, body.in(1), body.in(2)});
  body.with("num_groups", body.attributes().integer("groups", 0));
  body.with("epsilon", body.attributes().real("epsilon", 1e-5F));
  const std::int64_t activation = body.attributes().integer("activation", 0);
  if (activation != 0 && activation != 1)
    throw NotSupported(fmt::format("its activation {} is not supported", activation));
  if (activation == 1)
    y = body.make("Mul", {y, body.make("Sigmoid", {y})});
  body.put(last ? body.channels_last(y) : y);
}

void bias_add(Body &body) { // (x, bias, skip)
  body.put(body.make("Add", {body.make("Add", {body.in(0), body.in(1)}), body.in(2)}));
}

// Halves of the last dimension: one times the GELU of the other.
void bias_split_gelu(Body &body) {
  const auto [left, right] = body.halves(body.make("Add", {body.in(0), body.in(1)}));
  body.put(body.make("Mul", {left, body.make("Gelu", {right})}));
}

void nhwc_max_pool(Body &body) {
  const std::string y = body.make("MaxPool", {body.channels_first(body.in(0))});
  body.with_own({});
  body.put(body.channels_last(y));
}

// The p-norm of each window: (area * mean of |x|^p)^(1/p), where padding counts.
void lp_pool(Body &body) {
  const Attributes &attributes = body.attributes();
  const std::optional<std::vector<std::int64_t>> kernel = attributes.integers("kernel_shape");
  if (!kernel || attributes.integer("ceil_mode", 0) != 0)
    throw NotSupported(kernel ? "its windows may end outside of the map" : "has no kernel_shape");
  const std::int64_t p = attributes.integer("p", 2);
  if (p < 1 || p > 64)
    throw NotSupported(fmt::format("is a norm of order {}", p));
  double area = 1;
  for (const std::int64_t length : *kernel)
    area *= static_cast<double>(length);
  std::string x = body.make("Abs", {body.in(0)});
  if (p > 1)
    x = body.make("Pow", {x, body.number(static_cast<double>(p))});
  x = body.make("AveragePool", {x});
  body.with_own({"p", "ceil_mode", "count_include_pad"}).with("count_include_pad", std::int64_t{1});
  x = body.make("Mul", {x, body.number(area)});
  if (p > 1) { // a root has no slope at 0
    x = body.make("Max", {x, body.number(1e-30)});
    x = p == 2 ? body.make("Sqrt", {x}) : body.make("Pow", {x, body.number(1.0 / static_cast<double>(p))});
  }
  body.put(x);
}

} // namespace

Expand fused_expansion(const std::string &domain, const std::string &op) {
  static const Expansions standard{
      {"LpPool", lp_pool},
      {"RMSNormalization", rms_normalization},
      {"SimplifiedLayerNormalization", rms_normalization}, // onnxruntime has it there
  };
  static const Expansions microsoft{
      {"BiasAdd", bias_add},
      {"BiasGelu", gelu},
      {"BiasSplitGelu", bias_split_gelu},
      {"FastGelu", fast_gelu},
      {"FusedConv", fused_conv},
      {"FusedGemm", fused_gemm},
      {"Gelu", gelu},
      {"GroupNorm", group_norm},
      {"NhwcMaxPool", nhwc_max_pool},
      {"QuickGelu", quick_gelu},
      {"SimplifiedLayerNormalization", rms_normalization},
      {"SkipLayerNormalization", skip_layer_normalization},
      {"SkipSimplifiedLayerNormalization", skip_simplified_layer_normalization},
  };
  return expansion_in(domain.empty() ? standard : microsoft, domain, op);
}

} // namespace convscope::onnx_import
