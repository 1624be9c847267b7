// What the sum of levels and its adjoint share. A level's numbers are (slot, plane, y, x). Of three slots the first is
// every image's, the second the first image's and the third the last one's; those between have some of both.
struct Level {
  int height, width, first, slots;
  vec2 ratio; // of rows and columns: the level's over the planes'
};
Level level_of(int i) {
  const ivec4 v = levels[i];
  return Level(v.x, v.y, v.z, v.w, vec2(v.xy) / vec2(float(p.height), float(p.width)));
}

// How much of the last slot image n has, and of the second the rest to 1.
float last_share(int n) { return p.batch > 1 ? float(n) / float(p.batch - 1) : 0.0; }

// Where along an axis of `size` level's numbers pixel o lies: bilinear, half-pixel centres, clamped edges.
float place_of(int o, float ratio, int size) {
  precise float at = (float(o) + 0.5) * ratio - 0.5;
  return clamp(at, 0.0, float(size - 1));
}
// What number i adds to the pixel there.
float weight_at(float place, int i) { return max(0.0, 1.0 - abs(place - float(i))); }

// First and last pixel that may read number i of an axis; edges are read from beyond, too.
ivec2 pixels_of(int i, int size, int pixels, float ratio) {
  const int first = i == 0 ? 0 : int(floor((float(i) - 0.5) / ratio - 0.5));
  const int last = i == size - 1 ? pixels - 1 : int(ceil((float(i) + 1.5) / ratio - 0.5));
  return ivec2(max(first, 0), min(last, pixels - 1));
}
