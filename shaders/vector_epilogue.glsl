// The end of a convolution for neighbouring pixels of one channel, up to four. The including shader declares EPILOGUE,
// ALIGNED (planes and rows of quads begin at multiples of 4 elements), `p` (ConvParams), the buffers outputs and
// output_vectors (one buffer), residual and mask; the bias is in the sums already.

#include "conv_mask.glsl"

// Pixels pixel .. pixel + count - 1, up to the mask.
vec4 finish_quad(vec4 v, int n, int channel, int pixel, int count, int plane) {
  int channels = p.groups * p.out_c;
  int at = p.out_base + n * p.out_batch_stride + channel * plane + pixel;
  int residual_at = (n * channels + channel) * plane + pixel;
  if ((EPILOGUE & EPILOGUE_RESIDUAL) != 0)
    v += ALIGNED ? texelFetch(residual, residual_at / 4)
                 : load_quad(residual, residual_at, (p.batch * channels * plane - 1) / 4);
  if ((EPILOGUE & EPILOGUE_RELU) != 0)
    v = clamp(v, p.low, p.high);
  if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0) {
    if (ALIGNED) {
      v += output_vectors[at / 4];
    } else {
      [[unroll]] for (int r = 0; r < 4; ++r)
        v[r] += outputs[at + min(r, count - 1)];
    }
  }
  return v;
}

void store_quad(vec4 v, int n, int channel, int pixel, int count, int plane) {
  int at = p.out_base + n * p.out_batch_stride + channel * plane + pixel;
  if (ALIGNED) {
    output_vectors[at / 4] = v;
  } else {
    [[unroll]] for (int r = 0; r < 4; ++r)
      if (r < count)
        outputs[at + r] = v[r];
  }
}
