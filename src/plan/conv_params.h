// A graph's convolution as kernel dispatches: one for the forward pass; for the input gradient one per
// phase of the stride, each a stride-1 convolution with rotated weights, or one that does all of them. Pure data.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "params.h"

namespace convscope {

// `window` has explicit padding. Shapes are of one image; tensors are contiguous.
gpu::ConvParams forward_params(const Window &window, int groups, const Shape &in, const Shape &out, int batch);

// Those of kernels that do the adjoint of the convolution `forward` at once: in and out exchanged, of `images` images
// from `first` on; window, strides and pads are the convolution's.
gpu::ConvParams adjoint_params(const gpu::ConvParams &forward, int first, int images);

// The gradient with respect to the input as stride_h * stride_w dispatches that together write every element
// of (batch, in). `forward` is what forward_params gave. A phase that no tap reaches is a 1x1 convolution with
// zero weights, so that it still writes.
std::vector<gpu::ConvParams> gradient_phases(const gpu::ConvParams &forward);
// The weights of one of these phases, (groups*out_c, in_c, kernel_h, kernel_w) in its own terms, from the forward
// pass's.
std::vector<float> phase_weights(const gpu::ConvParams &forward, const gpu::ConvParams &phase,
                                 const std::vector<float> &weights);

} // namespace convscope
