// What Pad and Resize say: the same for constants and for maps.
#pragma once

#include <vector>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

struct Ends { // of one dimension
  std::int64_t before = 0, after = 0;
};
// By dimension; negative ones crop.
std::vector<Ends> paddings(Step &step, int rank);
PadMode pad_mode(Step &step);

struct Target { // of one dimension
  double scale = 1;
  std::int64_t size = 0; // instead, where not 0
  bool measured = false; // the size follows from the picture's
};
// By dimension.
std::vector<Target> targets_of(Step &step, const Dims &dims);
ResizeMode resize_mode(Step &step);
void set_coordinates(Step &step, Resize &op);

} // namespace convscope::onnx_import
