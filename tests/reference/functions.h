// The functions of single elements, and of two, with their gradients.
#pragma once

#include "graph/graph.h"
#include "reference/tensor.h"

namespace convscope::reference {

double value(const Unary &op, double x);
double slope(const Unary &op, double x); // where it jumps, as graph.h says or else from the right
Tensor unary(const Tensor &x, const Unary &op);
Tensor unary_gradient(const Tensor &grad, const Tensor &x, const Unary &op);

Tensor prelu(const Tensor &x, const PRelu &op);
Tensor prelu_gradient(const Tensor &grad, const Tensor &x, const PRelu &op);

double value(Arithmetic arithmetic, double a, double b);
Tensor binary(const Tensor &a, const Tensor &b, const Binary &op);
struct BinaryGradients {
  Tensor a, b;
};
// Of maximum and minimum it goes to the first input where both are equal.
BinaryGradients binary_gradients(const Tensor &grad, const Tensor &a, const Tensor &b, const Binary &op);

} // namespace convscope::reference
