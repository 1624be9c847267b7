#include "reference/dense.h"

namespace convscope::reference {

Tensor dense(const Tensor &x, const Dense &op) {
  std::size_t features = std::size_t(x.c) * x.h * x.w;
  Tensor y(x.n, op.out_features, 1, 1);
  for (int n = 0; n < x.n; ++n)
    for (int o = 0; o < op.out_features; ++o) {
      double sum = op.bias.empty() ? 0 : op.bias[o];
      for (std::size_t i = 0; i < features; ++i)
        sum += double(op.weights[o * features + i]) * x.data[n * features + i];
      y.at(n, o, 0, 0) = sum;
    }
  return y;
}

Tensor dense_gradient(const Tensor &grad, const Dense &op, int c, int h, int w) {
  std::size_t features = std::size_t(c) * h * w;
  Tensor result(grad.n, c, h, w);
  for (int n = 0; n < grad.n; ++n)
    for (int o = 0; o < op.out_features; ++o)
      for (std::size_t i = 0; i < features; ++i)
        result.data[n * features + i] += double(op.weights[o * features + i]) * grad.at(n, o, 0, 0);
  return result;
}

} // namespace convscope::reference
