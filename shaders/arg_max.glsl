// Where a max pool found its maximum: the tap's number ky * kernel_w + kx in ARG_BITS bits, PACK neighbouring outputs of a
// row to a word: word = row * arg_words_a_row(out_w) + ox / PACK, rows of all channels of all images in a line.
layout(constant_id = 1) const uint ARG_BITS = 4u; // 4, 8 or 32: the fewest that hold every tap
const int PACK = int(32u / ARG_BITS);
const uint ARG_MASK = ARG_BITS == 32u ? ~0u : (1u << (ARG_BITS & 31u)) - 1u;

int arg_words_a_row(int out_w) { return (out_w + PACK - 1) / PACK; }
