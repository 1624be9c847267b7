// Where a max pool found its maximum: the tap's number ky * kernel_w + kx in ARG_BITS bits, several channels
// of one output pixel to a word: word = ((n * blocks + c / PACK) * out_h + oy) * out_w + ox.
layout(constant_id = 1) const uint ARG_BITS = 4u; // 4, 8 or 32: the fewest that hold every tap
const int PACK = int(32u / ARG_BITS);
const uint ARG_MASK = ARG_BITS == 32u ? ~0u : (1u << (ARG_BITS & 31u)) - 1u;

uint arg_word(PoolParams p, int n, int block, int oy, int ox) {
  return uint(((n * ((p.channels + PACK - 1) / PACK) + block) * p.out_h + oy) * p.out_w + ox);
}
