// Arithmetic of maps with constants and with each other, broadcast as ONNX does.
#pragma once

#include <optional>
#include <vector>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

// A constant as a node's sides have it: each as long as the node's, or one long where the constant is the same along
// it.
struct Aligned {
  Shape shape;
  std::vector<float> values; // (c, h, w)
  bool single() const { return shape.elements() == 1; }
  bool per_channel() const { return shape.h == 1 && shape.w == 1; }
};
// Nothing where the constant is larger than the value, or differs between the images of a batch.
std::optional<Aligned> align(Step &step, const Tensor &tensor, const Value &value);

// x * scale + shift, both one number or one a channel.
NodeId scale_shift(Step &step, NodeId x, const std::vector<double> &scale, const std::vector<double> &shift);
NodeId linear(Step &step, NodeId x, double scale, double shift);
NodeId unary(Step &step, NodeId x, Function function, float a = 1, float b = 0);

struct Combined {
  NodeId id = -1;
  View view;
};
Combined combine(Step &step, Arithmetic arithmetic, Value &a, Value &b);
// x op constant, or constant op x.
Combined combine_constant(Step &step, Arithmetic arithmetic, std::size_t map, std::size_t constant);

} // namespace convscope::onnx_import
