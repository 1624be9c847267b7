// A convolution of one group as one matrix product with what its windows see, a column a position ("im2col"), and its
// adjoint as one whose rows are what each tap of a window gives to the pixel that it sees, and a sum of these
// ("col2im"): for CPU drivers, where by the definition strides, wide kernels or few channels leave little work a load.
#pragma once

#include <span>
#include <vector>

#include "params.h"
#include "plan/conv.h"

namespace convscope {

// ---- The convolution ----

bool im2col_applies(const gpu::ConvParams &params);
// Whether it is less work than conv_broadcast's, on a CPU driver.
bool im2col_pays(const gpu::ConvParams &params);
// It in parts, whose columns lie in a core's cache: some images, or rows of one.
std::vector<gpu::ConvParams> im2col_parts(const gpu::ConvParams &params);
// A part's (images, in_c * kernel_h * kernel_w, rows, out_w). Bindings: 0 input, 1 columns.
ConvKernel im2col(const gpu::ConvParams &part);
// What makes its rows of the output of these, with the convolution's own weights.
gpu::ConvParams im2col_product(const gpu::ConvParams &part);

// ---- The adjoint of the convolution `forward` ----

bool columns_apply(const gpu::ConvParams &forward);

// (images, out_c, out_h, out_w), the images from `first` on -> (images, in_c * kernel_h * kernel_w, out_h, out_w).
gpu::ConvParams columns_product(const gpu::ConvParams &forward, int first, int images);
// Its weights (in_c * kernel_h * kernel_w, out_c, 1, 1), from (out_c, in_c, kernel_h, kernel_w).
std::vector<float> columns_weights(const gpu::ConvParams &forward, std::span<const float> weights);

// `params` are adjoint_params'. Bindings: 0 columns, 1 bias, 2 output, 3 residual, 4 mask.
ConvKernel columns_sum(const gpu::ConvParams &params, std::uint32_t epilogue, std::uint32_t subgroup_size);

} // namespace convscope
