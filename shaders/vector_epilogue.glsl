// The end of a convolution for neighbouring pixels of one channel, up to four. The including shader declares EPILOGUE, what
// quads.glsl and mask_quads.glsl want, `p` (ConvParams) and the buffer residual; the bias is in the sums already.
#include "quads.glsl"
#include "mask_quads.glsl"

#include "conv_mask.glsl"

// A pixel's address in the output; planes have `plane` pixels.
int output_at(int n, int channel, int pixel, int plane) {
  return p.out_base + n * p.out_batch_stride + channel * plane + pixel;
}

// Of `residual`, from element `at` on; `last` is its last vec4.
vec4 residual_quad(int at, int last) {
  if (ALIGNED)
    return FETCH(residual, at / 4);
  vec4 v = load_quad(residual, at, last);
  if (STEP > 1) {
    [[unroll]] for (int r = 1; r < 4; ++r)
      v[r] = load_quad(residual, at + r * STEP, last).x;
  }
  return v;
}

// What the output held before. A gradient has it as `residual`, too: texels are read in a quarter of the time that a
// buffer takes. Of a vec4 that neighbours write to meanwhile, only what this thread alone writes is used; and that is
// written after it is read, since it needs the sum (so `restrict` holds, where residual is a storage buffer, too).
vec4 held_quad(int at) { return residual_quad(at, ((p.first_image + p.batch) * p.out_batch_stride - 1) / 4); }

// Pixels pixel .. pixel + (count - 1) * STEP, up to the mask.
vec4 finish_quad(vec4 v, int n, int channel, int pixel, int count, int plane) {
  if ((EPILOGUE & EPILOGUE_RESIDUAL) != 0) {
    int channels = p.groups * p.out_c;
    v += residual_quad((n * channels + channel) * plane + pixel, ((p.first_image + p.batch) * channels * plane - 1) / 4);
  }
  if ((EPILOGUE & EPILOGUE_RELU) != 0)
    v = clamp(v, p.low, p.high);
  if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0)
    v += held_quad(output_at(n, channel, pixel, plane));
  return v;
}

// After the mask.
void store_finished(vec4 v, int n, int channel, int pixel, int count, int plane) {
  int at = output_at(n, channel, pixel, plane);
  if ((EPILOGUE & EPILOGUE_ADD_MASKED) != 0)
    v += held_quad(at);
  store_quad(v, at, count);
}
