// Values of more dimensions than a node has sides: (n, groups, channels, h, w), as detection heads and split attention
// have them. Some of their dimensions share a side, as its outer and inner digits.
#pragma once

#include <optional>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

// Dimensions longer than 1, without those of the batch.
int long_dimensions(const Value &value);
// Of these lengths, where `value` says which is the batch's.
bool crowded(const Value &value, const Dims &dims);

// A dimension that is the outermost digit of a side: an index along it is a run of `stride` along the side.
struct OuterDigit {
  Side side = Side::c;
  std::int64_t stride = 1;
};
std::optional<OuterDigit> outer_digit(const Value &value, int dimension, const Sides &sides);

// Arranges the value so that the dimension has h for itself. NotSupported where it is the batch's.
void set_apart(Step &step, Value &value, int dimension);

// Arranges both so that their nodes broadcast as the values do.
void arrange_together(Step &step, Value &a, Value &b);

// A side along which nodes can be joined as the values are along `dimension`: they lie alike in all other dimensions.
std::optional<Side> joining_side(const Step &step, const std::vector<Value *> &values, int dimension);

} // namespace convscope::onnx_import
