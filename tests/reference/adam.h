// Gradient clipping and Adam (Kingma & Ba), going uphill.
#pragma once

#include <vector>

#include "reference/tensor.h"

namespace convscope::reference {

// Each image's gradient times min(1, max_norm / its Euclidean norm).
void clip_gradient(Tensor &grad, double max_norm);

struct Adam {
  double lr = 0.05, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  bool nesterov = false;    // T. Dozat's Nadam, with his schedule of momentum
  int cosine_steps = 0;     // in which lr falls to nothing along half a cosine; 0: it stays
  double momenta = 1;       // the product of Nadam's
  int steps = 0;            // done so far
  std::vector<double> m, v; // moments, as the parameters; empty before the first step

  // parameters += lr * mhat / (sqrt(vhat) + epsilon)
  void ascend(Tensor &parameters, const Tensor &grad);
};

} // namespace convscope::reference
