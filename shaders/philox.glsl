#include "turns.glsl"

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

const float TO_UNIT = 5.9604644775390625e-8; // 2^-24

// Uniform in [0, 1), of 24 bits.
float uniform_float(uint word) { return float(word >> 8) * TO_UNIT; }

// Two independent normal numbers (Box-Muller).
vec2 normal_pair(uint first, uint second) {
  const float radius = sqrt(-2.0 * logarithm(float((first >> 8) + 1u) * TO_UNIT));
  return radius * turned(uniform_float(second));
}

// 0 .. count-1
uint uniform_index(uint word, uint count) {
  uint high, low;
  umulExtended(word, count, high, low);
  return high;
}
