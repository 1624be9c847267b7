// Average pool. One thread does one output element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool DILATED = true;
#include "average.glsl"
layout(push_constant) uniform Push { PoolParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) writeonly buffer Outputs { float outputs[]; };

void main() {
  const int thread = linear_item();
  if (thread >= p.batch * p.channels * p.out_h * p.out_w)
    return;
  const int ox = thread % p.out_w;
  const int oy = thread / p.out_w % p.out_h;
  const int plane = thread / (p.out_w * p.out_h) * p.in_h * p.in_w;
  float sum = 0.0;
  for (int ky = 0; ky < p.kernel_h; ++ky) {
    const int iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
    if (iy < 0 || iy >= p.in_h)
      continue;
    for (int kx = 0; kx < p.kernel_w; ++kx) {
      const int ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
      if (ix < 0 || ix >= p.in_w)
        continue;
      sum += inputs[plane + iy * p.in_w + ix];
    }
  }
  outputs[thread] = sum / float(max(averaged_rows(p, oy) * averaged_columns(p, ox), 1));
}
