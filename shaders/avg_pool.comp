// Average pool. One thread does a run of RUN outputs of a row of one channel.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool DILATED = true;
layout(constant_id = 1) const int RUN = 1; // or 4
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int TAPS = 1; // kernel columns a step; divides KERNEL_W
layout(constant_id = 4) const int STRIDE_W = 1;
layout(constant_id = 5) const int DILATION_W = 1;
layout(constant_id = 6) const int SHIFT = -1;       // of window.glsl
layout(constant_id = 7) const bool ALIGNED = false; // rows of outputs are whole quads
layout(push_constant) uniform Push { PoolParams p; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) restrict buffer Outputs { float outputs[]; };
layout(binding = 1) restrict buffer OutputVectors { vec4 output_vectors[]; };
const int STEP = 1;
#include "average.glsl"
#include "quads.glsl"
#include "window.glsl"

void main() {
  const int runs = (p.out_w + RUN - 1) / RUN;
  const int thread = linear_item();
  if (thread >= p.batch * p.channels * p.out_h * runs)
    return;
  const int ox = thread % runs * RUN;
  const int row = thread / runs; // of all planes
  const int oy = row % p.out_h;
  const int plane = row / p.out_h * p.in_h * p.in_w;
  const int last = (p.batch * p.channels * p.in_h * p.in_w - 1) / 4;
  vec4 sums = vec4(0);
  [[dont_unroll]] for (int ky = 0; ky < p.kernel_h; ++ky) {
    const int iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
    const uint columns = uint(iy) < uint(p.in_h) ? uint(p.in_w) : 0u;
    [[dont_unroll]] for (int kx = 0; kx < KERNEL_W; kx += TAPS) {
      load_window(plane + iy * p.in_w, ox * STRIDE_W - p.pad_left + kx * DILATION_W, columns, last);
      [[unroll]] for (int tap = 0; tap < TAPS; ++tap)
        [[unroll]] for (int r = 0; r < RUN; ++r)
          sums[r] += in_window(r * STRIDE_W + tap * DILATION_W);
    }
  }
  const int taps_h = averaged_rows(p, oy);
  [[unroll]] for (int r = 0; r < RUN; ++r)
    sums[r] /= float(max(taps_h * averaged_columns(p, ox + r), 1));
  store_quad(sums, row * p.out_w + ox, min(RUN, p.out_w - ox));
}
