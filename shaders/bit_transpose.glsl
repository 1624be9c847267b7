// Bits of a square of LANES lanes and LANES bits each, over its diagonal: bit i of lane j becomes bit j of lane i. LANES is a
// power of 2, 32 at the most, and the subgroup's width.
uint transpose_bits(uint bits) {
  const uint lower[5] = uint[](0x55555555u, 0x33333333u, 0x0f0f0f0fu, 0x00ff00ffu, 0x0000ffffu);
  [[unroll]] for (int level = 0; level < 5; ++level) {
    uint by = 1u << level;
    if (by < LANES) { // swaps what lies `by` lanes and `by` bits apart
      uint other = subgroupShuffle(bits, gl_SubgroupInvocationID ^ by);
      uint mine = lower[level];
      bits = (gl_SubgroupInvocationID & by) == 0u ? (bits & mine) | (other & mine) << by
                                                  : (bits & ~mine) | (other >> by & mine);
    }
  }
  return bits;
}
