// Two ways to know that a gradient is right: central differences, and the adjoint identity of a linear op.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/tensor.h"

namespace convscope::reference {

// `gradient` against the central differences of f(x), a number, at every element of x.
template <typename Function>
void expect_gradient(Function f, Tensor x, const Tensor &gradient, double tolerance = 1e-7, double step = 1e-5) {
  Tensor numeric = x;
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    double middle = x.data[i];
    x.data[i] = middle + step;
    double above = f(x);
    x.data[i] = middle - step;
    numeric.data[i] = (above - f(x)) / (2 * step);
    x.data[i] = middle;
  }
  EXPECT_LT(relative_error(gradient, numeric), tolerance);
}

// <A x, y> = <x, At y> for a random x and y.
template <typename Linear, typename Transpose>
void expect_adjoint(Linear forward, Transpose backward, const Tensor &x, unsigned seed) {
  Tensor ax = forward(x);
  Tensor y = random_tensor(ax.n, ax.c, ax.h, ax.w, seed);
  Tensor aty = backward(y);
  ASSERT_TRUE(aty.same_shape(x));
  double left = dot(ax, y), right = dot(x, aty);
  EXPECT_NEAR(left, right, 1e-12 * std::max({1.0, std::sqrt(dot(ax, ax) * dot(y, y)), std::abs(right)}));
}

} // namespace convscope::reference
