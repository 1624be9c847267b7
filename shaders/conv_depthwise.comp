// Convolutions in which every output channel has one input channel, for devices whose loads cost more than their
// arithmetic (CPU drivers).
//
// A lane's block (depthwise.glsl) is ROWS rows of four pixels:
//
//      input rows that a block of 2 rows sees         its sums
//      through a 3x3 kernel
//   t = 0  |= = = = = =| ------------------ ky = 0 --> |q0 q1 q2 q3|  row 0
//   t = 1  |= = = = = =| --- ky = 0 to row 1, ky = 1 to row 0
//   t = 2  |= = = = = =| --- ky = 1 to row 1, ky = 2 to row 0
//   t = 3  |= = = = = =| ------------------ ky = 2 --> |q0 q1 q2 q3|  row 1
//
// Each input row is loaded once.
// Every output is bias plus the sum over (ky, kx) in that order, whatever the block.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;
layout(constant_id = 1) const uint EPILOGUE = 0;
layout(constant_id = 2) const int ROWS = 4;
layout(constant_id = 3) const int CHANNELS = 32;  // a lane; 32 or a divisor of it
layout(constant_id = 4) const int KERNEL_H = 3;
layout(constant_id = 5) const int TAPS = 3;       // kernel columns
layout(constant_id = 6) const int STRIDE_H = 1;
layout(constant_id = 7) const int STRIDE_W = 1;
layout(constant_id = 8) const int DILATION_H = 1;
layout(constant_id = 9) const int DILATION_W = 1;
layout(constant_id = 10) const int SHIFT = -1;    // of window.glsl
layout(constant_id = 11) const bool ALIGNED = true;
layout(constant_id = 12) const int STEP = 1;      // columns of the output from a pixel to the next

const int BLOCK_ROWS = ROWS, BLOCK_QUADS = 1, KERNEL_TAPS = KERNEL_H * TAPS;
#include "depthwise.glsl"
const int RUN = 4;
#include "window.glsl"
const int INPUT_ROWS = (ROWS - 1) * STRIDE_H + (KERNEL_H - 1) * DILATION_H + 1;

// The kernel's row through which row r of the block sees input row t, or -1.
int kernel_row(int t, int r) {
  int from = t - r * STRIDE_H;
  return from >= 0 && from % DILATION_H == 0 && from / DILATION_H < KERNEL_H ? from / DILATION_H : -1;
}

void accumulate(int from, int oy, int ox, int last) {
  int iy = oy * STRIDE_H - p.pad_top, ix = ox * STRIDE_W - p.pad_left; // the first pixel that the block sees
  [[unroll]] for (int t = 0; t < INPUT_ROWS; ++t) {
    bool needed = false;
    [[unroll]] for (int r = 0; r < ROWS; ++r)
      needed = needed || kernel_row(t, r) >= 0;
    if (needed) {
      uint columns = uint(iy + t) < uint(p.in_h) ? uint(p.in_w) : 0u; // a row outside the input has no columns
      load_window(from + (iy + t) * p.in_w, ix, columns, last);
      [[unroll]] for (int r = 0; r < ROWS; ++r)
        if (kernel_row(t, r) >= 0) {
          [[unroll]] for (int kx = 0; kx < TAPS; ++kx) {
            vec4 seen_by_tap;
            [[unroll]] for (int q = 0; q < 4; ++q)
              seen_by_tap[q] = in_window(q * STRIDE_W + kx * DILATION_W);
            sums[r] += kernel_at(kernel_row(t, r) * TAPS + kx) * seen_by_tap;
          }
        }
    }
  }
}
