#include "importer/onnx/folds.h"

#include <unordered_map>

namespace convscope::onnx_import {

Rule fold_of(const std::string &op) {
  static const std::unordered_map<std::string, Rule> folds{
      // Not here: ops that are standard ones in a row (expansions.h), and what is drawn at random, recurrent nets, what
      // finds boxes, sequences, strings, losses, spectra.
      {"Abs", fold_function},
      {"Acos", fold_function},
      {"Acosh", fold_function},
      {"Add", fold_arithmetic},
      {"And", fold_arithmetic},
      {"ArgMax", fold_arg},
      {"ArgMin", fold_arg},
      {"Asin", fold_function},
      {"Asinh", fold_function},
      {"Atan", fold_function},
      {"Atanh", fold_function},
      {"AveragePool", fold_pool},
      {"BatchNormalization", fold_batch_normalization},
      {"BitShift", fold_arithmetic},
      {"BitwiseAnd", fold_arithmetic},
      {"BitwiseNot", fold_function},
      {"BitwiseOr", fold_arithmetic},
      {"BitwiseXor", fold_arithmetic},
      {"Cast", fold_cast},
      {"CastLike", fold_cast},
      {"Ceil", fold_function},
      {"Celu", fold_function},
      {"Clip", fold_clip},
      {"Compress", fold_compress},
      {"Concat", fold_concat},
      {"Constant", fold_constant},
      {"ConstantOfShape", fold_constant_of_shape},
      {"Conv", fold_conv},
      {"ConvTranspose", fold_conv_transpose},
      {"Cos", fold_function},
      {"Cosh", fold_function},
      {"CumSum", fold_cumulative_sum},
      {"DepthToSpace", fold_depth_to_space},
      {"DequantizeLinear", fold_dequantize},
      {"Det", fold_determinant},
      {"Div", fold_arithmetic},
      {"Dropout", fold_dropout},
      {"DynamicQuantizeLinear", fold_dynamic_quantize},
      {"Einsum", fold_einsum},
      {"Elu", fold_function},
      {"Equal", fold_arithmetic},
      {"Erf", fold_function},
      {"Exp", fold_function},
      {"Expand", fold_expand},
      {"EyeLike", fold_eye},
      {"Flatten", fold_flatten},
      {"Floor", fold_function},
      {"Gather", fold_gather},
      {"GatherElements", fold_gather_elements},
      {"GatherND", fold_gather_nd},
      {"Gelu", fold_function},
      {"Gemm", fold_gemm},
      {"GlobalAveragePool", fold_global_pool},
      {"GlobalLpPool", fold_global_pool},
      {"GlobalMaxPool", fold_global_pool},
      {"Greater", fold_arithmetic},
      {"GreaterOrEqual", fold_arithmetic},
      {"GroupNormalization", fold_group_normalization},
      {"HardSigmoid", fold_function},
      {"HardSwish", fold_function},
      {"Hardmax", fold_softmax},
      {"Identity", fold_same},
      {"InstanceNormalization", fold_instance_normalization},
      {"IsInf", fold_function},
      {"IsNaN", fold_function},
      {"LRN", fold_lrn},
      {"LayerNormalization", fold_layer_normalization},
      {"LeakyRelu", fold_function},
      {"Less", fold_arithmetic},
      {"LessOrEqual", fold_arithmetic},
      {"Log", fold_function},
      {"LogSoftmax", fold_softmax},
      {"LpNormalization", fold_lp_normalization},
      {"MatMul", fold_mat_mul},
      {"Max", fold_arithmetic},
      {"MaxPool", fold_pool},
      {"Mean", fold_arithmetic},
      {"MeanVarianceNormalization", fold_mean_variance_normalization},
      {"Min", fold_arithmetic},
      {"Mish", fold_function},
      {"Mod", fold_arithmetic},
      {"Mul", fold_arithmetic},
      {"Neg", fold_function},
      {"NonZero", fold_non_zero},
      {"Not", fold_function},
      {"OneHot", fold_one_hot},
      {"Or", fold_arithmetic},
      {"PRelu", fold_arithmetic},
      {"Pad", fold_pad},
      {"Pow", fold_arithmetic},
      {"QuantizeLinear", fold_quantize},
      {"Range", fold_range},
      {"Reciprocal", fold_function},
      {"ReduceL1", fold_reduce},
      {"ReduceL2", fold_reduce},
      {"ReduceLogSum", fold_reduce},
      {"ReduceLogSumExp", fold_reduce},
      {"ReduceMax", fold_reduce},
      {"ReduceMean", fold_reduce},
      {"ReduceMin", fold_reduce},
      {"ReduceProd", fold_reduce},
      {"ReduceSum", fold_reduce},
      {"ReduceSumSquare", fold_reduce},
      {"Relu", fold_function},
      {"Reshape", fold_reshape},
      {"Resize", fold_resize},
      {"ReverseSequence", fold_reverse_sequence},
      {"Round", fold_function},
      {"Scatter", fold_scatter_elements},
      {"ScatterElements", fold_scatter_elements},
      {"ScatterND", fold_scatter_nd},
      {"Selu", fold_function},
      {"Shape", shape_of},
      {"Shrink", fold_function},
      {"Sigmoid", fold_function},
      {"Sign", fold_function},
      {"Sin", fold_function},
      {"Sinh", fold_function},
      {"Size", size_of},
      {"Slice", fold_slice},
      {"Softmax", fold_softmax},
      {"Softplus", fold_function},
      {"Softsign", fold_function},
      {"SpaceToDepth", fold_space_to_depth},
      {"Split", fold_split},
      {"Sqrt", fold_function},
      {"Squeeze", fold_squeeze},
      {"Sub", fold_arithmetic},
      {"Sum", fold_arithmetic},
      {"Swish", fold_function},
      {"Tan", fold_function},
      {"Tanh", fold_function},
      {"ThresholdedRelu", fold_function},
      {"Tile", fold_tile},
      {"TopK", fold_top_k},
      {"Transpose", fold_transpose},
      {"Trilu", fold_triangle},
      {"Unique", fold_unique},
      {"Unsqueeze", fold_unsqueeze},
      {"Upsample", fold_resize},
      {"Where", fold_where},
      {"Xor", fold_arithmetic},
  };
  const auto found = folds.find(op);
  return found == folds.end() ? nullptr : found->second;
}

void wrong(Step &step, const std::string &what) {
  if (any_measured(step))
    step.misfit(what);
  step.fail(what);
}

Numbers numbers(Step &step, std::size_t input, std::string_view what) {
  const Tensor &tensor = step.constant(input, what);
  step.translation().spend(tensor.elements());
  Numbers result{tensor.dims, {}};
  result.values.reserve(static_cast<std::size_t>(tensor.elements()));
  for (std::int64_t i = 0; i < tensor.elements(); ++i)
    result.values.push_back(tensor.at(i));
  return result;
}

void put_numbers(Step &step, ElementType type, const Numbers &numbers, std::size_t output) {
  step.put_constant(
      made(step, type, numbers.dims, [&](std::int64_t i) { return numbers.values[static_cast<std::size_t>(i)]; }),
      output);
}

bool any_measured(Step &step) {
  for (std::size_t i = 0; i < step.inputs(); ++i)
    if (step.has(i) && step.value(i).tensor.measured)
      return true;
  return false;
}

Tensor walked(Step &step, const Tensor &x, const Dims &dims, std::vector<std::int64_t> strides, std::int64_t start) {
  Walk walk(dims, {std::move(strides)}, {start});
  return picked(step, x, dims, [&](std::int64_t) {
    const std::int64_t place = walk.at(0);
    walk.advance();
    return place;
  });
}

Lines lines_along(const Dims &dims, int dimension) {
  Lines lines;
  for (std::size_t i = 0; i < dims.size(); ++i)
    (static_cast<int>(i) < dimension    ? lines.outer
     : static_cast<int>(i) == dimension ? lines.length
                                        : lines.inner) *= dims[i];
  return lines;
}

int axis_of(Step &step, const Dims &dims, std::int64_t otherwise) {
  return step.dimension(step.attributes().integer("axis", otherwise), static_cast<int>(dims.size()));
}

} // namespace convscope::onnx_import
