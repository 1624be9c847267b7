// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"): a bijection of the counter, keyed.
uvec4 philox(uvec4 counter, uvec2 key) {
  for (int round = 0; round < 10; ++round) {
    uint high0, low0, high1, low1;
    umulExtended(0xD2511F53u, counter.x, high0, low0);
    umulExtended(0xCD9E8D57u, counter.z, high1, low1);
    counter = uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += uvec2(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// Uniform in [0, 1), of 24 bits.
float uniform_float(uint word) { return float(word >> 8) * exp2(-24.0); }

// Two independent normal numbers (Box-Muller).
vec2 normal_pair(uint first, uint second) {
  float radius = sqrt(-2.0 * log(float((first >> 8) + 1u) * exp2(-24.0)));
  float angle = 6.28318530718 * uniform_float(second);
  return radius * vec2(cos(angle), sin(angle));
}

// 0 .. count-1
uint uniform_index(uint word, uint count) {
  uint high, low;
  umulExtended(word, count, high, low);
  return high;
}
