// What is computed over axes: reductions, normalizations, softmax; and local response normalization.
#pragma once

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

Tensor reduce(const Tensor &x, const Reduce &op);
// Of max and min it goes to the first element that is it, in row-major order; of l1 and l2 none at zero.
Tensor reduce_gradient(const Tensor &grad, const Tensor &x, const Reduce &op);

Tensor normalize(const Tensor &x, const Normalize &op);
Tensor normalize_gradient(const Tensor &grad, const Tensor &x, const Normalize &op);

Tensor softmax(const Tensor &x, const Softmax &op);
// y: what softmax gave.
Tensor softmax_gradient(const Tensor &grad, const Tensor &y, const Softmax &op);

Tensor lrn(const Tensor &x, const Lrn &op);
Tensor lrn_gradient(const Tensor &grad, const Tensor &x, const Lrn &op);

} // namespace convscope::reference
