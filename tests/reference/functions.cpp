#include "reference/functions.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace convscope::reference {

namespace {

constexpr double pi = 3.14159265358979323846;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double gelu_tanh_argument(double x) { return std::sqrt(2 / pi) * (x + 0.044715 * x * x * x); }

std::size_t channel(const Tensor &x, std::size_t i) { return i / (std::size_t(x.h) * x.w) % x.c; }

Unary leaky(float slope) { return {Function::leaky_relu, slope, 0}; }

// Sides of 1 are repeated.
double repeated(const Tensor &x, int n, int c, int y, int xx) {
  return x.at(n, x.c == 1 ? 0 : c, x.h == 1 ? 0 : y, x.w == 1 ? 0 : xx);
}

// The derivatives by a and by b.
std::pair<double, double> slopes(Arithmetic arithmetic, double a, double b) {
  switch (arithmetic) {
  case Arithmetic::add:
    return {1, 1};
  case Arithmetic::subtract:
    return {1, -1};
  case Arithmetic::multiply:
    return {b, a};
  case Arithmetic::divide:
    return {1 / b, -a / (b * b)};
  case Arithmetic::maximum:
    return {a >= b, a < b};
  case Arithmetic::minimum:
    return {a <= b, a > b};
  case Arithmetic::power:
    return {b == 0 ? 0 : b * std::pow(a, b - 1), a > 0 ? std::pow(a, b) * std::log(a) : 0};
  }
  throw std::logic_error("no such arithmetic");
}

} // namespace

double value(const Unary &op, double x) {
  const double a = op.a, b = op.b;
  switch (op.function) {
  case Function::leaky_relu:
    return x < 0 ? a * x : x;
  case Function::elu:
    return x < 0 ? a * std::expm1(x) : x;
  case Function::selu:
    return b * (x < 0 ? a * std::expm1(x) : x);
  case Function::celu:
    return x < 0 ? a * std::expm1(x / a) : x;
  case Function::thresholded:
    return x > a ? x : 0;
  case Function::sigmoid:
    return sigmoid(x);
  case Function::hard_sigmoid:
    return std::clamp(a * x + b, 0.0, 1.0);
  case Function::hard_swish:
    return x * std::clamp(a * x + b, 0.0, 1.0);
  case Function::silu:
    return x * sigmoid(x);
  case Function::gelu:
    return x * std::erfc(-x / std::sqrt(2.0)) / 2;
  case Function::gelu_tanh:
    return x * sigmoid(2 * gelu_tanh_argument(x)); // 1 + tanh(u) = 2 sigmoid(2 u)
  case Function::mish:
    return x * std::tanh(softplus(x));
  case Function::tanh:
    return std::tanh(x);
  case Function::softplus:
    return softplus(x);
  case Function::softsign:
    return x / (1 + std::abs(x));
  case Function::erf:
    return std::erf(x);
  case Function::exp:
    return std::exp(x);
  case Function::log:
    return std::log(x);
  case Function::sqrt:
    return std::sqrt(x);
  case Function::reciprocal:
    return 1 / x;
  case Function::abs:
    return std::abs(x);
  case Function::power:
    return std::pow(x, a);
  case Function::clip:
    return std::clamp(x, a, b);
  case Function::round:
    return std::nearbyint(a * x);
  case Function::linear:
    return a * x + b;
  }
  throw std::logic_error("no such function");
}

double slope(const Unary &op, double x) {
  const double a = op.a, b = op.b;
  switch (op.function) {
  case Function::leaky_relu:
    return x < 0 ? a : 1;
  case Function::elu:
    return x < 0 ? a * std::exp(x) : 1;
  case Function::selu:
    return b * (x < 0 ? a * std::exp(x) : 1);
  case Function::celu:
    return x < 0 ? std::exp(x / a) : 1;
  case Function::thresholded:
    return x > a ? 1 : 0;
  case Function::sigmoid:
    return sigmoid(x) * sigmoid(-x);
  case Function::hard_sigmoid:
    return a * x + b > 0 && a * x + b < 1 ? a : 0;
  case Function::hard_swish:
    return a * x + b <= 0 ? 0 : a * x + b >= 1 ? 1 : 2 * a * x + b;
  case Function::silu:
    return sigmoid(x) + x * sigmoid(x) * sigmoid(-x);
  case Function::gelu:
    return std::erfc(-x / std::sqrt(2.0)) / 2 + x * std::exp(-x * x / 2) / std::sqrt(2 * pi);
  case Function::gelu_tanh: {
    const double u = 2 * gelu_tanh_argument(x);
    return sigmoid(u) + x * sigmoid(u) * sigmoid(-u) * 2 * std::sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x);
  }
  case Function::mish: {
    const double t = std::tanh(softplus(x));
    return t + x * (1 - t * t) * sigmoid(x);
  }
  case Function::tanh:
    return 1 / (std::cosh(x) * std::cosh(x));
  case Function::softplus:
    return sigmoid(x);
  case Function::softsign:
    return 1 / ((1 + std::abs(x)) * (1 + std::abs(x)));
  case Function::erf:
    return 2 / std::sqrt(pi) * std::exp(-x * x);
  case Function::exp:
    return std::exp(x);
  case Function::log:
    return 1 / x;
  case Function::sqrt:
    return 0.5 / std::sqrt(x);
  case Function::reciprocal:
    return -1 / (x * x);
  case Function::abs:
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  case Function::power:
    return a == 0 ? 0 : a * std::pow(x, a - 1);
  case Function::clip:
    return x > a && x < b ? 1 : 0;
  case Function::round: // of what it rounds
  case Function::linear:
    return a;
  }
  throw std::logic_error("no such function");
}

Tensor unary(const Tensor &x, const Unary &op) {
  Tensor y = x;
  for (double &v : y.data)
    v = value(op, v);
  return y;
}

Tensor unary_gradient(const Tensor &grad, const Tensor &x, const Unary &op) {
  Tensor result = grad;
  for (std::size_t i = 0; i < x.data.size(); ++i)
    result.data.at(i) *= slope(op, x.data[i]);
  return result;
}

Tensor prelu(const Tensor &x, const PRelu &op) {
  Tensor y = x;
  for (std::size_t i = 0; i < y.data.size(); ++i)
    y.data[i] = value(leaky(op.slopes[channel(x, i)]), x.data[i]);
  return y;
}

Tensor prelu_gradient(const Tensor &grad, const Tensor &x, const PRelu &op) {
  Tensor result = grad;
  for (std::size_t i = 0; i < x.data.size(); ++i)
    result.data.at(i) *= slope(leaky(op.slopes[channel(x, i)]), x.data[i]);
  return result;
}

double value(Arithmetic arithmetic, double a, double b) {
  switch (arithmetic) {
  case Arithmetic::add:
    return a + b;
  case Arithmetic::subtract:
    return a - b;
  case Arithmetic::multiply:
    return a * b;
  case Arithmetic::divide:
    return a / b;
  case Arithmetic::maximum:
    return std::max(a, b);
  case Arithmetic::minimum:
    return std::min(a, b);
  case Arithmetic::power:
    return std::pow(a, b);
  }
  throw std::logic_error("no such arithmetic");
}

Tensor binary(const Tensor &a, const Tensor &b, const Binary &op) {
  Tensor y(a.n, std::max(a.c, b.c), std::max(a.h, b.h), std::max(a.w, b.w));
  for (int n = 0; n < y.n; ++n)
    for (int c = 0; c < y.c; ++c)
      for (int iy = 0; iy < y.h; ++iy)
        for (int ix = 0; ix < y.w; ++ix)
          y.at(n, c, iy, ix) = value(op.arithmetic, repeated(a, n, c, iy, ix), repeated(b, n, c, iy, ix));
  return y;
}

BinaryGradients binary_gradients(const Tensor &grad, const Tensor &a, const Tensor &b, const Binary &op) {
  BinaryGradients result{Tensor(a.n, a.c, a.h, a.w), Tensor(b.n, b.c, b.h, b.w)};
  for (int n = 0; n < grad.n; ++n)
    for (int c = 0; c < grad.c; ++c)
      for (int iy = 0; iy < grad.h; ++iy)
        for (int ix = 0; ix < grad.w; ++ix) {
          const auto [to_a, to_b] = slopes(op.arithmetic, repeated(a, n, c, iy, ix), repeated(b, n, c, iy, ix));
          result.a.at(n, a.c == 1 ? 0 : c, a.h == 1 ? 0 : iy, a.w == 1 ? 0 : ix) += grad.at(n, c, iy, ix) * to_a;
          result.b.at(n, b.c == 1 ? 0 : c, b.h == 1 ? 0 : iy, b.w == 1 ? 0 : ix) += grad.at(n, c, iy, ix) * to_b;
        }
  return result;
}

} // namespace convscope::reference
