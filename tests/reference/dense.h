// A fully connected layer and its input gradient.
#pragma once

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

// x (n, c, h, w) -> (n, out_features, 1, 1); weights (out_features, c * h * w).
Tensor dense(const Tensor &x, const Dense &op);
// grad (n, out_features, 1, 1) -> (n, c, h, w)
Tensor dense_gradient(const Tensor &grad, const Dense &op, int c, int h, int w);

} // namespace convscope::reference
