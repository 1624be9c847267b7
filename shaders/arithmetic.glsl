// The arithmetic of Binary (src/graph/graph.h) and its derivatives. ARITHMETIC is one of params.h.
#include "real.glsl"

bool takes_first(REAL a, REAL b) { return ARITHMETIC == ARITHMETIC_MAXIMUM ? a >= b : a <= b; }

REAL arithmetic_value(REAL a, REAL b) {
  switch (ARITHMETIC) {
  case ARITHMETIC_ADD:
    return a + b;
  case ARITHMETIC_SUBTRACT:
    return a - b;
  case ARITHMETIC_MULTIPLY:
    return a * b;
  case ARITHMETIC_DIVIDE:
    return a / b;
  case ARITHMETIC_POWER:
    return raised(a, b);
  default:
    return takes_first(a, b) ? a : b;
  }
}

// By the first (side 0) or the second operand, for what is not a maximum or minimum.
REAL arithmetic_slope(int side, REAL a, REAL b) {
  const REAL one = REAL(1.0);
  switch (ARITHMETIC) {
  case ARITHMETIC_SUBTRACT:
    return side == 0 ? one : -one;
  case ARITHMETIC_MULTIPLY:
    return side == 0 ? b : a;
  case ARITHMETIC_DIVIDE:
    return side == 0 ? one / b : -a / (b * b);
  case ARITHMETIC_POWER:
    if (side == 0)
      return b == REAL(0.0) ? REAL(0.0) : b * raised(a, b - one);
    return a > REAL(0.0) ? raised(a, b) * logarithm(a) : REAL(0.0);
  default:
    return one;
  }
}
