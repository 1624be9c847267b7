// Angles to their last digits: GLSL's own cosine and sine may be off by 2^-11, its arc tangent by 4096 units.
#include "real.glsl"

const float TURNS_A_RADIAN = 0.159154943091895336;

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

// By its series about 0 and 45 degrees, of |r| <= tan(22.5 degrees).
float arc_tangent(float x) {
  const float size = abs(x);
  const bool steep = size > 2.41421356, middle = size > 0.414213562;
  const float r = (steep ? -1.0 : middle ? size - 1.0 : size) / (steep ? size : middle ? size + 1.0 : 1.0);
  const float z = r * r;
  const float sum = z * (1.0 / 3.0 - z * (1.0 / 5.0 - z * (1.0 / 7.0 - z * (1.0 / 9.0 - z * (1.0 / 11.0 - z * (1.0 / 13.0 - z * (1.0 / 15.0 - z * (1.0 / 17.0))))))));
  const float angle = (steep ? 1.57079632679489662 : middle ? 0.785398163397448310 : 0.0) + (r - r * sum);
  return x < 0.0 ? -angle : angle;
}
