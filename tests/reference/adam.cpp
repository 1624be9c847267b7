#include "reference/adam.h"

#include <cmath>

namespace convscope::reference {

void clip_gradient(Tensor &grad, double max_norm) {
  std::size_t size = grad.data.size() / grad.n;
  for (int n = 0; n < grad.n; ++n) {
    double squares = 0;
    for (std::size_t i = n * size; i < (n + 1) * size; ++i)
      squares += grad.data[i] * grad.data[i];
    double norm = std::sqrt(squares);
    for (std::size_t i = n * size; norm > max_norm && i < (n + 1) * size; ++i)
      grad.data[i] *= max_norm / norm;
  }
}

void Adam::ascend(Tensor &parameters, const Tensor &grad) {
  m.resize(grad.data.size());
  v.resize(grad.data.size());
  ++steps;
  double correction1 = 1 - std::pow(beta1, steps), correction2 = 1 - std::pow(beta2, steps);
  for (std::size_t i = 0; i < grad.data.size(); ++i) {
    double g = grad.data[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    parameters.data.at(i) += lr * (m[i] / correction1) / (std::sqrt(v[i] / correction2) + epsilon);
  }
}

} // namespace convscope::reference
