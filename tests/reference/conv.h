// Convolution as the deep-learning world says it (cross-correlation), and its input gradient.
#pragma once

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

// floor((in + pads - dilated kernel) / stride) + 1, never below 0. With `ceil` ceil instead of floor, but no window
// begins behind the input.
int output_size(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end, bool ceil = false);

// x (n, groups * in_c, h, w) -> (n, out_channels, oh, ow). weights (out_channels, in_c, kernel_h, kernel_w), where
// out channel o belongs to group o / (out_channels / groups). Pads are explicit (`same` is not looked at) and may
// be negative, which crops.
Tensor conv(const Tensor &x, const Conv &op);
// grad (n, out_channels, oh, ow) -> gradient with respect to x, (n, groups * in_c, in_h, in_w).
Tensor conv_gradient(const Tensor &grad, const Conv &op, int in_h, int in_w);

// The adjoint of a convolution from op.out_channels to x.c channels, plus a bias; pads are explicit.
Tensor conv_transpose(const Tensor &x, const ConvTranspose &op);
// grad as the output; x gives the shape of the result.
Tensor conv_transpose_gradient(const Tensor &grad, const ConvTranspose &op, const Tensor &x);

} // namespace convscope::reference
