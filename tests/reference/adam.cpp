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
  double rate = lr;
  if (cosine_steps > 0)
    rate *= 0.5 + 0.5 * std::cos(std::acos(-1.0) * (steps - 1) / cosine_steps);
  double mu = beta1 * (1 - 0.5 * std::pow(0.96, 0.004 * steps)),
         next_mu = beta1 * (1 - 0.5 * std::pow(0.96, 0.004 * (steps + 1)));
  momenta *= mu;
  double correction1 = 1 - std::pow(beta1, steps), correction2 = 1 - std::pow(beta2, steps);
  for (std::size_t i = 0; i < grad.data.size(); ++i) {
    double g = grad.data[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    double direction = m[i] / correction1;
    if (nesterov)
      direction = (1 - mu) * g / (1 - momenta) + next_mu * m[i] / (1 - momenta * next_mu);
    parameters.data.at(i) += rate * direction / (std::sqrt(v[i] / correction2) + epsilon);
  }
}

} // namespace convscope::reference
