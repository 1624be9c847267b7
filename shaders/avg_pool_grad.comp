// Gradient of an average pool as a gather. One thread does one input element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "reach.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool DILATED = true;
#include "average.glsl"
layout(push_constant) uniform Push { PoolParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) buffer Outputs { float outputs[]; };
layout(binding = 2) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int pixels = p.in_h * p.in_w;
  const int thread = linear_item();
  if (thread >= p.batch * p.channels * pixels)
    return;
  const int ix = thread % p.in_w;
  const int iy = thread / p.in_w % p.in_h;
  const int plane = thread / pixels * p.out_h * p.out_w;
  float sum = 0.0;
  const ivec2 rows = reach(iy, p.pad_top, p.kernel_h, p.dilation_h, p.stride_h, p.out_h);
  const ivec2 columns = reach(ix, p.pad_left, p.kernel_w, p.dilation_w, p.stride_w, p.out_w);
  for (int oy = rows.x; oy <= rows.y; ++oy) {
    if (DILATED && (iy + p.pad_top - oy * p.stride_h) % p.dilation_h != 0)
      continue;
    const int taps_h = averaged_rows(p, oy);
    for (int ox = columns.x; ox <= columns.y; ++ox) {
      if (DILATED && (ix + p.pad_left - ox * p.stride_w) % p.dilation_w != 0)
        continue;
      sum += inputs[plane + oy * p.out_w + ox] / float(max(taps_h * averaged_columns(p, ox), 1));
    }
  }
  const int c = thread / pixels % p.channels;
  const int n = thread / pixels / p.channels;
  outputs[thread] = gradient_epilogue(sum, uint(thread), n, p.channels, c, pixels, iy * p.in_w + ix);
}
