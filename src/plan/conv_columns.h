// The adjoint of a convolution of one group without dilation as one matrix product, whose rows are what each tap of a
// window gives to the pixel that it sees, and a sum of these: for CPU drivers, where strides or few channels would
// leave the phases of its definition with little work a load. ("col2im".)
#pragma once

#include <span>
#include <vector>

#include "params.h"
#include "plan/conv.h"

namespace convscope {

// `forward`, here and below: the convolution itself.
bool columns_apply(const gpu::ConvParams &forward);

// (images, out_c, out_h, out_w), the images from `first` on -> (images, in_c * kernel_h * kernel_w, out_h, out_w).
gpu::ConvParams columns_product(const gpu::ConvParams &forward, int first, int images);
// Its weights (in_c * kernel_h * kernel_w, out_c, 1, 1), from (out_c, in_c, kernel_h, kernel_w).
std::vector<float> columns_weights(const gpu::ConvParams &forward, std::span<const float> weights);

// Bindings: 0 columns, 1 bias, 2 output, 3 residual, 4 mask.
ConvKernel columns_sum(const gpu::ColumnsParams &params, std::uint32_t epilogue, std::uint32_t subgroup_size);
gpu::ColumnsParams columns_params(const gpu::ConvParams &forward, int first, int images);

} // namespace convscope
