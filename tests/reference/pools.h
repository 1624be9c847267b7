// Pools and their gradients. Windows have explicit pads (`same` is not looked at).
#pragma once

#include <vector>

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

struct MaxPoolResult {
  Tensor y;             // (n, c, oh, ow)
  std::vector<int> arg; // as y: the winner's place in its window, ky * kernel_w + kx; -1: all was padding
};

// Padding is -infinity, but a window of padding alone gives 0. Of equal values the first in row-major order wins.
MaxPoolResult max_pool(const Tensor &x, const Window &window);
// grad and arg as y -> (n, c, in_h, in_w).
Tensor max_pool_gradient(const Tensor &grad, const std::vector<int> &arg, const Window &window, int in_h, int in_w);

// Divides by the taps inside the image, or inside the padded image where padding counts. A window of padding alone: 0.
Tensor avg_pool(const Tensor &x, const Window &window, bool count_padding);
Tensor avg_pool_gradient(const Tensor &grad, const Window &window, bool count_padding, int in_h, int in_w);

// (n, c, h, w) -> (n, c, 1, 1)
Tensor global_avg_pool(const Tensor &x);
Tensor global_avg_pool_gradient(const Tensor &grad, int in_h, int in_w);

// arg: the winner's y * w + x, the first of equals.
MaxPoolResult global_max_pool(const Tensor &x);
Tensor global_max_pool_gradient(const Tensor &grad, const std::vector<int> &arg, int in_h, int in_w);

} // namespace convscope::reference
