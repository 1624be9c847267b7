// Max pool. One thread does a run of PACK outputs of a row of one channel, a whole word of the arg-max.
// Padding never wins, unless it is zeros (PADDED is false there); ties go to the first tap in row-major order. A window of
// padding alone gives 0.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool KEEP_ARG = false;
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int TAPS = 1; // kernel columns a step; divides KERNEL_W
layout(constant_id = 4) const int STRIDE_W = 1;
layout(constant_id = 5) const int DILATION_W = 1;
layout(constant_id = 6) const int SHIFT = -1;       // of window.glsl
layout(constant_id = 7) const bool ALIGNED = false; // rows of outputs are whole quads
layout(constant_id = 8) const bool PADDED = true;   // a window may leave the picture, which is not a zero there
layout(push_constant) uniform Push { PoolParams p; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) restrict buffer Outputs { float outputs[]; };
layout(binding = 1) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 2) writeonly buffer Arg { uint arg[]; };
const int STEP = 1;
#include "arg_max.glsl"
const int RUN = PACK;
#include "quads.glsl"
#include "window.glsl"

const uint NONE = ~0u;
float best[RUN];
uint best_tap[RUN];

// Taps first_tap .. first_tap + TAPS - 1 of a row of the kernel.
void compare_row(int first_tap, int ix, uint columns) {
  [[unroll]] for (int kx = 0; kx < TAPS; ++kx)
    [[unroll]] for (int r = 0; r < RUN; ++r) {
      int column = r * STRIDE_W + kx * DILATION_W;
      float v = in_window(column);
      bool wins = v > best[r] || (PADDED ? best_tap[r] == NONE : kx == 0 && first_tap == 0);
      if (PADDED)
        wins = wins && uint(ix + column) < columns;
      best[r] = wins ? v : best[r];
      best_tap[r] = wins ? uint(first_tap + kx) : best_tap[r];
    }
}

void main() {
  const int runs = arg_words_a_row(p.out_w);
  const int thread = linear_item();
  if (thread >= p.batch * p.channels * p.out_h * runs)
    return;
  const int ox = thread % runs * RUN;
  const int row = thread / runs; // of all planes
  const int plane = row / p.out_h * p.in_h * p.in_w;
  const int last = (p.batch * p.channels * p.in_h * p.in_w - 1) / 4;
  [[unroll]] for (int r = 0; r < RUN; ++r) {
    best[r] = 0.0;
    best_tap[r] = NONE;
  }
  [[dont_unroll]] for (int ky = 0; ky < p.kernel_h; ++ky) {
    const int iy = row % p.out_h * p.stride_h - p.pad_top + ky * p.dilation_h;
    const uint columns = uint(iy) < uint(p.in_h) ? uint(p.in_w) : 0u;
    [[dont_unroll]] for (int kx = 0; kx < KERNEL_W; kx += TAPS) {
      const int ix = ox * STRIDE_W - p.pad_left + kx * DILATION_W;
      load_window(plane + iy * p.in_w, ix, columns, last);
      compare_row(ky * KERNEL_W + kx, ix, columns);
    }
  }
  const int at = row * p.out_w + ox;
  [[unroll]] for (int first = 0; first < RUN; first += 4) {
    vec4 v = vec4(0);
    [[unroll]] for (int r = 0; r < min(RUN, 4); ++r) // 1, or a multiple of 4: bounds that vary keep `best` in memory
      v[r] = best[first + r];
    if (ox + first < p.out_w)
      store_quad(v, at + first, min(min(4, RUN), p.out_w - ox - first));
  }
  if (KEEP_ARG) {
    uint word = 0u;
    [[unroll]] for (int r = 0; r < RUN; ++r)
      word |= (best_tap[r] & ARG_MASK) << (uint(r) * ARG_BITS & 31u);
    arg[thread] = word;
  }
}
