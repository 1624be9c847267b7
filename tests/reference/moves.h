// Ops whose outputs are inputs at other places, or weighted sums of them, and their gradients. Transposed convolution
// is in conv.h.
#pragma once

#include <variant>
#include <vector>

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

using Move = std::variant<Slice, Transpose, ChannelShuffle, DepthToSpace, SpaceToDepth, Pad, Resize>;
Tensor move(const Tensor &x, const Move &op);
// grad as the output; x gives the shape of the result.
Tensor move_gradient(const Tensor &grad, const Move &op, const Tensor &x);

Tensor concat(const std::vector<const Tensor *> &parts, Axis axis);
// For each of the parts.
std::vector<Tensor> concat_gradient(const Tensor &grad, const std::vector<const Tensor *> &parts, Axis axis);

} // namespace convscope::reference
