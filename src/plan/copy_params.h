// Ops that only put elements elsewhere, as strided copies. Pure data.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "params.h"

namespace convscope {

// Whether copy_params knows it: Concat, Transpose, DepthToSpace, SpaceToDepth, ChannelShuffle.
bool is_copy(const Op &op);
// One copy an input, which together write every element of the output. Shapes are of one image, tensors contiguous.
std::vector<gpu::CopyParams> copy_params(const Op &op, const std::vector<Shape> &inputs, const Shape &out, int batch);
// Of the gradient: the way back to that input, of which it writes every element.
gpu::CopyParams reversed(const gpu::CopyParams &copy, const Shape &input);

} // namespace convscope
