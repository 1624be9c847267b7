// A graph's convolution as kernel dispatches: one for the forward pass; for the input gradient one per
// phase of the stride, each a stride-1 convolution with rotated weights. Pure data.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "params.h"

namespace convscope {

struct ConvDispatch {
  gpu::ConvParams params;
  std::vector<float> weights; // (groups*out_c, in_c, kernel_h, kernel_w) of this dispatch
};

// `window` has explicit padding. Shapes are of one image; tensors are contiguous.
gpu::ConvParams forward_params(const Window &window, int groups, const Shape &in, const Shape &out, int batch);

// The gradient with respect to the input as stride_h * stride_w dispatches that together write every element
// of (batch, in). `forward` is what forward_params gave, `weights` its (groups*out_c, in_c, kh, kw).
// A phase that no tap reaches is a 1x1 convolution with zero weights, so that it still writes.
std::vector<ConvDispatch> gradient_dispatches(const gpu::ConvParams &forward, const std::vector<float> &weights);

} // namespace convscope
