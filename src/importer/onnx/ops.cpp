#include "importer/onnx/ops.h"

#include <unordered_map>

#include <fmt/format.h>

namespace convscope::onnx_import {

Rule rule_of(const std::string &domain, const std::string &op) {
  if (domain == "com.microsoft")
    return op == "FusedMatMul" || op == "TransposeMatMul" ? mat_mul : nullptr;
  if (!domain.empty() && domain != "ai.onnx")
    return nullptr;
  static const std::unordered_map<std::string, Rule> rules{
      {"Abs", unary},
      {"Add", arithmetic},
      {"AveragePool", average_pool},
      {"BatchNormalization", batch_normalization},
      {"Cast", same},
      {"CastLike", same},
      {"Celu", unary},
      {"Clip", clip},
      {"Concat", concat},
      {"Conv", conv},
      {"ConvTranspose", conv_transpose},
      {"DepthToSpace", depth_to_space},
      {"DequantizeLinear", dequantize},
      {"Div", arithmetic},
      {"Dropout", same},
      {"DynamicQuantizeLinear", dynamic_quantize},
      {"Elu", unary},
      {"Erf", unary},
      {"Exp", unary},
      {"Expand", expand},
      {"Flatten", flatten},
      {"Gather", gather},
      {"Gelu", unary},
      {"Gemm", gemm},
      {"GlobalAveragePool", global_pool},
      {"GlobalLpPool", global_pool},
      {"GlobalMaxPool", global_pool},
      {"GroupNormalization", group_normalization},
      {"HardSigmoid", unary},
      {"HardSwish", unary},
      {"Identity", same},
      {"InstanceNormalization", instance_normalization},
      {"LRN", lrn},
      {"LayerNormalization", layer_normalization},
      {"LeakyRelu", unary},
      {"Log", unary},
      {"LogSoftmax", softmax},
      {"LpNormalization", lp_normalization},
      {"MatMul", mat_mul},
      {"Max", many},
      {"MaxPool", max_pool},
      {"Mean", many},
      {"MeanVarianceNormalization", mean_variance_normalization},
      {"Min", many},
      {"Mish", unary},
      {"Mul", arithmetic},
      {"Neg", unary},
      {"PRelu", p_relu},
      {"Pad", pad},
      {"Pow", arithmetic},
      {"QuantizeLinear", quantize},
      {"Reciprocal", unary},
      {"ReduceL1", reduce},
      {"ReduceL2", reduce},
      {"ReduceLogSum", reduce},
      {"ReduceLogSumExp", reduce},
      {"ReduceMax", reduce},
      {"ReduceMean", reduce},
      {"ReduceMin", reduce},
      {"ReduceSum", reduce},
      {"ReduceSumSquare", reduce},
      {"Relu", unary},
      {"Reshape", reshape},
      {"Resize", resize},
      {"Round", unary},
      {"Selu", unary},
      {"Shape", shape_of},
      {"Sigmoid", unary},
      {"Size", size_of},
      {"Slice", slice},
      {"Softmax", softmax},
      {"Softplus", unary},
      {"Softsign", unary},
      {"SpaceToDepth", space_to_depth},
      {"Split", split},
      {"Sqrt", unary},
      {"Squeeze", squeeze},
      {"Sub", arithmetic},
      {"Sum", many},
      {"Swish", unary},
      {"Tanh", unary},
      {"ThresholdedRelu", unary},
      {"Tile", tile},
      {"Transpose", transpose},
      {"Unsqueeze", unsqueeze},
      {"Upsample", resize},
  };
  const auto found = rules.find(op);
  return found == rules.end() ? nullptr : found->second;
}

std::string unknown_op(const std::string &domain, const std::string &op) {
  const std::string name = domain.empty() || domain == "ai.onnx" ? op : fmt::format("{}.{}", domain, op);
  const bool of_one_machine = domain == "com.microsoft.nchwc" || domain == "com.ms.internal.nhwc" ||
                              (domain == "com.microsoft" && (op == "NhwcConv" || op == "NhwcFusedConv"));
  if (of_one_machine)
    return fmt::format("op '{}' is of the machine that onnxruntime optimized the model for; save it with an "
                       "optimization level of ORT_ENABLE_EXTENDED or less",
                       name);
  return fmt::format("op '{}' is not supported", name);
}
} // namespace convscope::onnx_import
