// Functions of REAL, which is float, or double where EXACT is defined, to its last digits. GLSL's own are of floats
// alone, and as precise as the driver likes: a conformant tanh, sin or cos may be off by 2^-11.
#ifdef EXACT
#define REAL double
const int EXPONENTIAL_TERMS = 14;
const int LOGARITHM_TERMS = 17;
const double LARGEST_EXPONENT = 746.0lf;
const double LN2_HIGH = 0.693147180369123816490lf; // few bits, so that products with small integers are exact
const double LN2_LOW = 1.90821492927058770002e-10lf;
const double TWO_OVER_ROOT_PI = 1.12837916709551257390lf;
const double ROOT_HALF = 0.70710678118654752440lf;
const double INVERSE_LN2 = 1.44269504088896340736lf;
#else
#define REAL float
const int EXPONENTIAL_TERMS = 7;
const int LOGARITHM_TERMS = 8;
const float LARGEST_EXPONENT = 105.0;
const float LN2_HIGH = 0.693359375;
const float LN2_LOW = -2.12194440054690583e-4;
const float TWO_OVER_ROOT_PI = 1.12837916709551257390;
const float ROOT_HALF = 0.70710678118654752440;
const float INVERSE_LN2 = 1.44269504088896340736;
#endif

// 2^n, also where that is 0 or infinite; of floats |n| < 250.
REAL power_of_2(int n) {
  const int half_n = n / 2;
#ifdef EXACT
  return ldexp(REAL(1.0), half_n) * ldexp(REAL(1.0), n - half_n);
#else
  return intBitsToFloat((half_n + 127) << 23) * intBitsToFloat((n - half_n + 127) << 23);
#endif
}

// e^x - 1 = 2^n (rest + 1) - 1 with |rest| < 0.42.
REAL exponential_parts(REAL x, out int n) {
  const REAL near = clamp(x, -LARGEST_EXPONENT, LARGEST_EXPONENT);
  n = int(floor(near * INVERSE_LN2 + REAL(0.5)));
  precise const REAL high = near - REAL(n) * LN2_HIGH;
  precise const REAL r = high - REAL(n) * LN2_LOW;
  REAL sum = REAL(1.0);
  for (int k = EXPONENTIAL_TERMS; k > 1; --k)
    sum = REAL(1.0) + r * sum * (REAL(1.0) / REAL(k)); // a constant
  return r * sum;
}

REAL exponential(REAL x) {
  int n;
  const REAL rest = exponential_parts(x, n);
  return (rest + REAL(1.0)) * power_of_2(n);
}

REAL exponential_minus_1(REAL x) {
  int n;
  const REAL rest = exponential_parts(x, n);
  const REAL scale = power_of_2(n);
  return n == 0 ? rest : scale * rest + (scale - REAL(1.0));
}

// 2 artanh(s) = log((1 + s) / (1 - s)), |s| <= 1/3
REAL twice_artanh(REAL s) {
  const REAL z = s * s;
  REAL sum = REAL(0.0);
  for (int k = LOGARITHM_TERMS; k >= 0; --k)
    sum = REAL(1.0) / REAL(2 * k + 1) + z * sum;
  return REAL(2.0) * s * sum;
}

REAL logarithm(REAL x) {
  if (!(x > REAL(0.0)))
    return REAL(uintBitsToFloat(x == REAL(0.0) ? 0xff800000u : 0x7fc00000u)); // -infinity, not a number
  int n;
  REAL m = frexp(x, n);
  if (m < ROOT_HALF) {
    m *= REAL(2.0);
    --n;
  }
  return REAL(n) * LN2_HIGH + (twice_artanh((m - REAL(1.0)) / (m + REAL(1.0))) + REAL(n) * LN2_LOW);
}

// log(1 + x), 0 <= x <= 1
REAL logarithm_of_1_plus(REAL x) { return twice_artanh(x / (REAL(2.0) + x)); }

REAL logistic(REAL x) { // 1 / (1 + e^-x)
  const REAL e = exponential(-abs(x));
  return (x < REAL(0.0) ? e : REAL(1.0)) / (REAL(1.0) + e);
}

REAL hyperbolic_tangent(REAL x) {
  const REAL e = exponential_minus_1(REAL(-2.0) * abs(x));
  const REAL t = -e / (REAL(2.0) + e);
  return x < REAL(0.0) ? -t : t;
}

#ifdef EXACT
// erfc, x >= 3: a continued fraction
REAL error_tail(REAL x) {
  REAL f = x;
  for (int k = 60; k > 0; --k)
    f = x + REAL(k) * REAL(0.5) / f;
  return TWO_OVER_ROOT_PI * REAL(0.5) * exponential(-x * x) / f;
}
const double ERROR_TAIL = 3.0lf;

REAL error_core(REAL x) { // |x| < 3: a series of terms of one sign
  REAL sum = REAL(1.0);
  for (int k = 70; k > 0; --k)
    sum = REAL(1.0) + sum * REAL(2.0) * x * x / REAL(2 * k + 1);
  return TWO_OVER_ROOT_PI * x * exponential(-x * x) * sum;
}
#else
// erfc, x >= 1: e^(-x^2) times what a polynomial of 2 / (2 + x) fits to 1e-7 of its value.
REAL error_tail(REAL x) {
  const float t = 2.0 / (2.0 + x);
  const float sum =
      0.282094778 +
      t * (0.282098206 +
           t * (0.246698847 +
                t * (0.178300071 +
                     t * (0.0693496068 +
                          t * (0.0512059435 + t * (-0.169874943 + t * (0.0426521883 + t * 0.018374232)))))));
  return exponential(-x * x) * t * sum;
}
const float ERROR_TAIL = 1.0;

REAL error_core(REAL x) { // |x| < 1: a polynomial fit
  const float z = x * x;
  return x * (1.12837913 +
              z * (-0.376123438 + z * (0.112803167 + z * (-0.0267150542 + z * (0.00492176203 + z * -0.000564805987)))));
}
#endif

REAL error_function(REAL x) {
  const REAL size = abs(x);
  if (size < ERROR_TAIL)
    return error_core(x);
  const REAL value = REAL(1.0) - error_tail(size);
  return x < REAL(0.0) ? -value : value;
}

REAL normal_distribution(REAL x) { // (1 + erf(x / sqrt 2)) / 2, to its last digits also where it is nearly 0
  const REAL s = x * ROOT_HALF;
  const REAL size = abs(s);
  if (size < ERROR_TAIL)
    return REAL(0.5) + REAL(0.5) * error_core(s);
  const REAL tail = REAL(0.5) * error_tail(size);
  return s < REAL(0.0) ? tail : REAL(1.0) - tail;
}

// x^a as C's pow; a negative x has powers of whole numbers only.
REAL raised(REAL x, REAL a) {
  const REAL size = abs(a);
  const bool whole = a == floor(a);
  if (whole && size <= REAL(64.0)) {
    REAL result = REAL(1.0);
    REAL square = x;
    for (int n = int(size); n > 0; n >>= 1) {
      if ((n & 1) != 0)
        result *= square;
      square *= square;
    }
    return a < REAL(0.0) ? REAL(1.0) / result : result;
  }
  if (a == REAL(0.5))
    return sqrt(x);
  if (x < REAL(0.0) && !whole)
    return sqrt(x); // not a number
  const REAL result = x == REAL(0.0) ? (a > REAL(0.0) ? REAL(0.0) : REAL(1.0) / x) : exponential(a * logarithm(abs(x)));
  const bool odd = whole && floor(a * REAL(0.5)) * REAL(2.0) != a;
  return x < REAL(0.0) && odd ? -result : result;
}
