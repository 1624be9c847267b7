// The functions of Unary (src/graph/graph.h) and their derivatives. FUNCTION is one of params.h.
#include "real.glsl"

REAL gelu_tanh_argument(REAL x) { // twice that of the tanh: 1 + tanh(u) = 2 logistic(2 u)
#ifdef EXACT
  return REAL(2.0) * 0.797884560802865355880lf * (x + 0.044715lf * x * x * x);
#else
  return 2.0 * 0.797884560802865356 * (x + 0.044715 * x * x * x);
#endif
}

REAL gelu_tanh_argument_slope(REAL x) {
#ifdef EXACT
  return REAL(2.0) * 0.797884560802865355880lf * (REAL(1.0) + REAL(3.0) * 0.044715lf * x * x);
#else
  return 2.0 * 0.797884560802865356 * (1.0 + 3.0 * 0.044715 * x * x);
#endif
}

// tanh(softplus(x)) = n / (n + 2), n = e^x (e^x + 2)
REAL mish_factor(REAL x) {
  const REAL e = exponential(min(x, REAL(20.0)));
  const REAL n = e * (e + REAL(2.0));
  return n / (n + REAL(2.0));
}

REAL function_value(REAL x, REAL a, REAL b) {
  const REAL zero = REAL(0.0);
  const REAL one = REAL(1.0);
  switch (FUNCTION) {
  case FUNCTION_LEAKY_RELU:
    return x < zero ? a * x : x;
  case FUNCTION_ELU:
    return x < zero ? a * exponential_minus_1(x) : x;
  case FUNCTION_SELU:
    return b * (x < zero ? a * exponential_minus_1(x) : x);
  case FUNCTION_CELU:
    return x < zero ? a * exponential_minus_1(x / a) : x;
  case FUNCTION_THRESHOLDED:
    return x > a ? x : zero;
  case FUNCTION_SIGMOID:
    return logistic(x);
  case FUNCTION_HARD_SIGMOID:
    return clamp(a * x + b, zero, one);
  case FUNCTION_HARD_SWISH:
    return x * clamp(a * x + b, zero, one);
  case FUNCTION_SILU:
    return x * logistic(x);
  case FUNCTION_GELU:
    return x * normal_distribution(x);
  case FUNCTION_GELU_TANH:
    return x * logistic(gelu_tanh_argument(x));
  case FUNCTION_MISH:
    return x * mish_factor(x);
  case FUNCTION_TANH:
    return hyperbolic_tangent(x);
  case FUNCTION_SOFTPLUS:
    return max(x, zero) + logarithm_of_1_plus(exponential(-abs(x)));
  case FUNCTION_SOFTSIGN:
    return x / (one + abs(x));
  case FUNCTION_ERF:
    return error_function(x);
  case FUNCTION_EXP:
    return exponential(x);
  case FUNCTION_LOG:
    return logarithm(x);
  case FUNCTION_SQRT:
    return sqrt(x);
  case FUNCTION_RECIPROCAL:
    return one / x;
  case FUNCTION_ABS:
    return abs(x);
  case FUNCTION_POWER:
    return raised(x, a);
  case FUNCTION_CLIP:
    return clamp(x, a, b);
  case FUNCTION_ROUND:
    return roundEven(a * x);
  default:
    return a * x + b;
  }
}

REAL function_slope(REAL x, REAL a, REAL b) {
  const REAL zero = REAL(0.0);
  const REAL one = REAL(1.0);
  const REAL two = REAL(2.0);
  switch (FUNCTION) {
  case FUNCTION_LEAKY_RELU:
    return x < zero ? a : one;
  case FUNCTION_ELU:
    return x < zero ? a * exponential(x) : one;
  case FUNCTION_SELU:
    return b * (x < zero ? a * exponential(x) : one);
  case FUNCTION_CELU:
    return x < zero ? exponential(x / a) : one;
  case FUNCTION_THRESHOLDED:
    return x > a ? one : zero;
  case FUNCTION_SIGMOID:
    return logistic(x) * logistic(-x);
  case FUNCTION_HARD_SIGMOID: {
    const REAL t = a * x + b;
    return t > zero && t < one ? a : zero;
  }
  case FUNCTION_HARD_SWISH: {
    const REAL t = a * x + b;
    return t <= zero ? zero : t >= one ? one : t + a * x;
  }
  case FUNCTION_SILU:
    return logistic(x) * (one + x * logistic(-x));
  case FUNCTION_GELU:
    return normal_distribution(x) +
           x * exponential(-x * x / two) * TWO_OVER_ROOT_PI * ROOT_HALF / two; // the density: e^(-x^2/2) / sqrt(2 pi)
  case FUNCTION_GELU_TANH: {
    const REAL u = gelu_tanh_argument(x);
    return logistic(u) * (one + x * logistic(-u) * gelu_tanh_argument_slope(x));
  }
  case FUNCTION_MISH: {
    const REAL near = min(x, REAL(20.0)); // beyond it is 1
    const REAL e = exponential(near);
    const REAL n = e * (e + two);
    return n / (n + two) + near * logistic(near) * two * two * (n + one) / (n + two) / (n + two);
  }
  case FUNCTION_TANH: {
    const REAL e = exponential(-two * abs(x));
    return two * two * e / ((one + e) * (one + e));
  }
  case FUNCTION_SOFTPLUS:
    return logistic(x);
  case FUNCTION_SOFTSIGN:
    return one / ((one + abs(x)) * (one + abs(x)));
  case FUNCTION_ERF:
    return TWO_OVER_ROOT_PI * exponential(-x * x);
  case FUNCTION_EXP:
    return exponential(x);
  case FUNCTION_LOG:
    return one / x;
  case FUNCTION_SQRT:
    return one / (two * sqrt(x));
  case FUNCTION_RECIPROCAL:
    return -one / (x * x);
  case FUNCTION_ABS:
    return sign(x);
  case FUNCTION_POWER:
    return a == zero ? zero : a * raised(x, a - one);
  case FUNCTION_CLIP:
    return x > a && x < b ? one : zero;
  default: // round and linear
    return a;
  }
}
