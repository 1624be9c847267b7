// Ops without a window, and their gradients. Add's gradient is the upstream gradient for each of its inputs.
#pragma once

#include <limits>
#include <vector>

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

Tensor add(const Tensor &a, const Tensor &b);

// y = x * scale[c] + shift[c]
Tensor scale_shift(const Tensor &x, const std::vector<double> &scale, const std::vector<double> &shift);
Tensor scale_shift_gradient(const Tensor &grad, const std::vector<double> &scale);

constexpr double no_ceiling = std::numeric_limits<double>::infinity();
Tensor relu(const Tensor &x, double ceiling = no_ceiling);
// Passes where 0 < x < ceiling; x may be the ReLU's input or its output.
Tensor relu_gradient(const Tensor &grad, const Tensor &x, double ceiling = no_ceiling);

// (n, c, h, w) -> (n, c, top + h + bottom, left + w + right); negative pads crop.
Tensor zero_pad(const Tensor &x, const Padding &pad);
Tensor zero_pad_gradient(const Tensor &grad, const Padding &pad);

// y[i] = rgb[source[i]] * scale[i] + shift[i] of (n, 3, h, w)
Tensor preprocess(const Tensor &picture, const Preprocessing &preprocessing);
Tensor preprocess_gradient(const Tensor &grad, const Preprocessing &preprocessing);

} // namespace convscope::reference
