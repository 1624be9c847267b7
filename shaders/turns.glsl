// Cosine and sine to their last digits: GLSL's own may be off by 2^-11.
#include "real.glsl"

// (cos, sin) of 2 pi turns: of what is left of a quarter, |r| <= pi / 4, by their series.
vec2 turned(float turns) {
  const float quarters = 4.0 * turns;
  const float nearest = floor(quarters + 0.5);
  const float r = (quarters - nearest) * 1.57079632679489662;
  const float z = r * r;
  const float c = 1.0 + z * (-0.5 + z * (4.16666666667e-2 + z * (-1.38888888889e-3 + z * (2.48015873016e-5 - z * 2.75573192e-7))));
  const float s = r * (1.0 + z * (-1.66666666667e-1 + z * (8.33333333333e-3 + z * (-1.98412698413e-4 + z * 2.75573192e-6))));
  const int quarter = int(nearest) & 3;
  const vec2 turned_by_even = (quarter & 1) == 0 ? vec2(c, s) : vec2(-s, c);
  return quarter >= 2 ? -turned_by_even : turned_by_even;
}
