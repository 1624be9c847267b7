// What the layers of a net that paints share: its coordinates and its activation. A feature of an input x is its
// coordinate, or two of t = atan x: t / .67 and t^2 / .6, which have the spread that x has.
layout(constant_id = 0) const bool FIRST = false; // its inputs are coordinates
layout(constant_id = 1) const bool LAST = false;  // it makes the planes

// -sqrt 3 .. sqrt 3 along the longer side.
float coordinate(int axis, int pixel) {
  const int place = axis == 0 ? pixel % p.width : p.first_row + pixel / p.width;
  const int side = axis == 0 ? p.width : p.height;
  return 1.7320508 * float(2 * place - (side - 1)) / float(max(max(p.width, p.height) - 1, 1));
}
vec2 features(float t) { return vec2(t * (1.0 / 0.67), t * t * (1.0 / 0.6)); }
