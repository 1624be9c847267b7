// What the sum of levels and its adjoint share.
struct Level {
  int height, width, first, slots;
  vec2 ratio; // of rows and columns: the level's over the planes'
};
Level level_of(int i) {
  const vec4 v = levels[i];
  return Level(int(v.x), int(v.y), int(v.z), int(v.w), v.xy / vec2(float(p.height), float(p.width)));
}

// How much of a slot image n has: of two, the first is the first image's and the second the last one's.
float share_of(int slot, int slots, int n) {
  if (slots == 1)
    return 1.0;
  const float t = p.batch > 1 ? float(n) / float(p.batch - 1) : 0.0;
  return slot == 0 ? 1.0 - t : t;
}
