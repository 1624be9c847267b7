// A ReLU's mask (params.h) of the quads of quads.glsl: the words of four pixels, 32 channels each. The including shader
// declares the buffers mask and mask_vectors (one buffer).
#include "quad_access.glsl"

int mask_word(int n, int channels, int channel, int pixel, int plane) {
  return (n * ((channels + 31) / 32) + channel / 32) * plane + pixel;
}

uvec4 read_mask_quad(int word, int count) { return READ_QUAD(uvec4, mask, mask_vectors, word, count); }

// 0 where the channel's bit is.
vec4 masked_quad(vec4 v, uvec4 bits, int channel) {
  return mix(vec4(0), v, notEqual(bits >> uint(channel % 32) & 1u, uvec4(0)));
}

// The channel's bits.
uvec4 open_quad(vec4 v, float low, float high, int channel) {
  return (uvec4(greaterThan(v, vec4(low))) & uvec4(lessThan(v, vec4(high)))) << uint(channel % 32);
}

// The words that a thread has alone.
void store_mask_quad(uvec4 bits, int word, int count) { STORE_QUAD(mask, mask_vectors, bits, word, count) }

// Those that it shares.
void add_mask_quad(uvec4 bits, int word, int count) {
  [[unroll]] for (int r = 0; r < 4; ++r)
    if (r < count)
      atomicOr(mask[word + r * STEP], bits[r]);
}
