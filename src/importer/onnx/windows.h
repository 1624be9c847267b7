// The windows of convolutions and pools: kernel_shape, strides, dilations, pads, auto_pad.
#pragma once

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

constexpr std::int64_t longest_window = 1 << 16; // of a kernel, a stride, a padding: far above any real one

// Over h and w, or over w alone (`spatial` 1). `kernel`: as the weights have it, or empty: the attribute says.
Window window_of(Step &step, int spatial, std::vector<std::int64_t> kernel);

// A list attribute of one number for each spatial dimension, each within [low, high].
std::vector<std::int64_t> spatial_attribute(Step &step, const char *name, std::size_t count, std::int64_t otherwise,
                                            std::int64_t low, std::int64_t high);

} // namespace convscope::onnx_import
