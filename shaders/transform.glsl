// What the transform and its adjoint share, so that both compute the very same weights.
layout(constant_id = 0) const uint MODE = 1u;
layout(constant_id = 1) const int PLANES = 3; // that a thread makes, of PlaneParams

precise vec2 source_position(AffineMap m, int x, int y) {
  precise vec2 at = vec2(m.m00 * float(x) + m.m01 * float(y) + m.tx, m.m10 * float(x) + m.m11 * float(y) + m.ty);
  return at;
}

// -1 -> 1, size -> size - 2, as often as it takes.
int mirrored(int i, int size) {
  const int period = max(2 * (size - 1), 1);
  i -= int(floor(float(i) / float(period))) * period;
  return i < size ? i : period - i;
}
