// Of lrn.comp and its gradient.
#include "real.glsl"
layout(constant_id = 2) const bool BETA_IS_THREE_QUARTERS = false;

// s^-beta
vec4 inverse_power(vec4 s) {
  vec4 power;
  if (BETA_IS_THREE_QUARTERS) {
    vec4 root = sqrt(s);
    power = 1.0 / (root * sqrt(root));
  } else {
    [[unroll]] for (int r = 0; r < 4; ++r)
      power[r] = raised(s[r], -p.beta);
  }
  return power;
}
