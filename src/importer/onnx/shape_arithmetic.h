// What the shape-changing ops make of a shape: the same for constants and for maps.
#pragma once

#include <vector>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

// Reshape's: 0 keeps a dimension, -1 is what the others leave.
Dims reshaped_dims(Step &step, const std::vector<std::int64_t> &shape, const Dims &dims);
Dims flattened_dims(Step &step, const Dims &dims);
// By dimension of the input: whether Squeeze takes it away.
std::vector<bool> squeezed_dimensions(Step &step, const Dims &dims);
// By dimension of the output: whether Unsqueeze has added it.
std::vector<bool> unsqueezed_dimensions(Step &step, int rank);
std::vector<int> transposed_order(Step &step, int rank);

struct Cut { // of one dimension, as Python's slices are
  int dimension = 0;
  std::int64_t begin = 0, end = 0, step = 1;
};
std::vector<Cut> cuts_of(Step &step, int rank);
// The lengths of Split's outputs.
std::vector<std::int64_t> split_lengths(Step &step, std::int64_t length);

} // namespace convscope::onnx_import
