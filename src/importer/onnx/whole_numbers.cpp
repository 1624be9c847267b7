#include "importer/onnx/whole_numbers.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

namespace convscope::onnx_import {

namespace {

const std::unordered_set<std::string> moves{
    "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice",        "Gather",
    "Split",     "Concat",  "Pad",     "Expand",    "Tile",    "Dropout",  "SpaceToDepth", "DepthToSpace"};

// The widest of the map's; floats where there is none of whole numbers.
ElementType type_of(Step &step) {
  for (std::size_t i = 0; i < step.inputs(); ++i)
    if (step.has(i) && step.value(i).is_map() && !is_real(step.value(i).type))
      return step.value(i).type;
  return ElementType::float32;
}

bool leaves_floats(const std::string &op) {
  return op == "Cast" || op == "CastLike" || op == "DequantizeLinear" || op == "Shape" || op == "Size";
}

bool is_quantized(const std::string &op) { return op.starts_with("QLinear") || op.ends_with("Integer"); }

} // namespace

void check_whole_numbers(Step &step) {
  const ElementType type = type_of(step);
  const std::string &op = step.op();
  if (is_real(type) || leaves_floats(op) || is_quantized(op) || moves.contains(op))
    return;
  // Sums and products of pixels are far from what 32 bits hold.
  const bool wide = integer_range(type).high >= integer_range(ElementType::int32).high;
  if (wide && (op == "Add" || op == "Sub" || op == "Mul"))
    return;
  step.unsupported("computes with whole numbers");
}

void pass_whole_numbers(Step &step) {
  const ElementType type = type_of(step);
  if (is_real(type) || leaves_floats(step.op()) || is_quantized(step.op()))
    return;
  for (std::size_t i = 0; i < step.outputs(); ++i)
    if (Value *value = step.made(i); value != nullptr && value->is_map())
      value->type = type;
}

} // namespace convscope::onnx_import
