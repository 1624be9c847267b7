// Of lrn.comp and its gradient.
#include "real.glsl"
layout(constant_id = 2) const int QUARTERS = 0; // 4 beta where that is 2 or 3, else 0

// s^-beta
vec4 inverse_power(vec4 s) {
  vec4 power;
  if (QUARTERS != 0) { // by roots, much faster
    vec4 root = sqrt(s);
    power = 1.0 / (QUARTERS == 2 ? root : root * sqrt(root));
  } else {
    [[unroll]] for (int r = 0; r < 4; ++r)
      power[r] = raised(s[r], -p.beta);
  }
  return power;
}
