// Max and average pools in double, and zero padding: a padding is an average over a window of one
// element, which is 0 where there is none. One thread does PACK outputs of a row of one channel, a whole word of the
// arg-max. Ties go to the first tap in row-major order. Of a maximum the padding that counts is zeros; another never wins.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
const bool DILATED = true; // perhaps
#include "average.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint MAXIMUM = 0u; // else the average
layout(push_constant) uniform Push { PoolParams p; };
layout(binding = 0) readonly buffer Inputs { double inputs[]; };
layout(binding = 1) writeonly buffer Outputs { double outputs[]; };
layout(binding = 2) writeonly buffer Arg { uint arg[]; };
#include "arg_max.glsl"

void main() {
  const int runs = arg_words_a_row(p.out_w);
  const int thread = linear_item();
  if (thread >= p.batch * p.channels * p.out_h * runs)
    return;
  const int row = thread / runs; // of all planes
  const int oy = row % p.out_h;
  const int plane = row / p.out_h * p.in_h * p.in_w;
  const bool zeros = MAXIMUM != 0u && (p.counted_top | p.counted_left | p.counted_bottom | p.counted_right) != 0;
  uint word = 0u;
  for (int i = 0; i < PACK; ++i) {
    const int ox = thread % runs * PACK + i;
    if (ox >= p.out_w)
      break;
    double best = 0.0;
    double sum = 0.0;
    uint best_tap = ~0u;
    for (int ky = 0; ky < p.kernel_h; ++ky) {
      const int iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
      const bool row_inside = uint(iy) < uint(p.in_h);
      if (!row_inside && !zeros)
        continue;
      for (int kx = 0; kx < p.kernel_w; ++kx) {
        const int ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
        const bool inside = row_inside && uint(ix) < uint(p.in_w);
        if (!inside && !zeros)
          continue;
        const double v = inside ? inputs[plane + iy * p.in_w + ix] : 0.0lf;
        sum += v;
        if (best_tap == ~0u || v > best) {
          best = v;
          best_tap = uint(ky * p.kernel_w + kx);
        }
      }
    }
    const int divisor = max(averaged_rows(p, oy) * averaged_columns(p, ox), 1);
    outputs[row * p.out_w + ox] = MAXIMUM != 0u ? best : sum / divisor;
    word |= (best_tap & ARG_MASK) << (uint(i) * ARG_BITS & 31u);
  }
  if (MAXIMUM != 0u)
    arg[thread] = word;
}
