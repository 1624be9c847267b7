// The adjoint of a convolution with strides in which every channel has one channel, for devices whose loads cost more than
// their arithmetic (CPU drivers). By phases (plan/conv_params.h) it would be UP_H * UP_W passes, whose stores skip.
// ConvParams are those of the convolution, with in and out exchanged.
//
//   columns of the input    |o0 o1 o2 o3|  and those beside them that its pixels need: column LEFT of the first is the
//   pixels of the output    |x0 x1 ... x(4 UP_W - 1)|                        window's first; rows likewise from TOP on
//   a lane's block, in      |=======================|
//   UP_H rows (depthwise.glsl)
//
//   tap (ky, kx) takes input (y, x) to output pixel (y * UP_H + ky * GAP_H - PAD_H, x * UP_W + kx * GAP_W - PAD_W)
//
// Every output is bias plus the sum over the inputs that reach it in the order of rows and columns, as by phases.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;
layout(constant_id = 1) const uint EPILOGUE = 0;
layout(constant_id = 2) const int CHANNELS = 32; // a lane; 32 or a divisor of it
layout(constant_id = 3) const int KERNEL_H = 3;
layout(constant_id = 4) const int KERNEL_W = 3;
layout(constant_id = 5) const int UP_H = 2; // strides of the convolution
layout(constant_id = 6) const int UP_W = 2;
layout(constant_id = 7) const int GAP_H = 1; // dilations
layout(constant_id = 8) const int GAP_W = 1;
layout(constant_id = 9) const int PAD_H = 1;
layout(constant_id = 10) const int PAD_W = 1;
layout(constant_id = 11) const int TOP = 0;
layout(constant_id = 12) const int INPUT_ROWS = 2;
layout(constant_id = 13) const int LEFT = 0;
layout(constant_id = 14) const int COLUMNS = 5;
layout(constant_id = 15) const int SHIFT = -1; // of window.glsl
layout(constant_id = 16) const bool ALIGNED = true;

const int STEP = 1;
const int BLOCK_ROWS = UP_H, BLOCK_QUADS = UP_W, KERNEL_TAPS = KERNEL_H * KERNEL_W;
#include "depthwise.glsl"
const int RUN = COLUMNS, TAPS = 1, STRIDE_W = 1, DILATION_W = 1;
#include "window.glsl"

// The kernel's row that takes input row t of the block to its output row r, or -1.
int kernel_row(int t, int r) {
  int from = r + PAD_H - (TOP + t) * UP_H;
  return from >= 0 && from % GAP_H == 0 && from / GAP_H < KERNEL_H ? from / GAP_H : -1;
}

// The column of the window from which kernel column kx takes to pixel r of a row, or -1.
int window_column(int r, int kx) {
  int from = r + PAD_W - kx * GAP_W - LEFT * UP_W; // more than -UP_W
  return from >= 0 && from % UP_W == 0 ? from / UP_W : -1;
}

void accumulate(int from, int oy, int ox, int last) {
  int iy = oy / UP_H + TOP, ix = ox / UP_W + LEFT; // the window's first pixel
  [[unroll]] for (int t = 0; t < INPUT_ROWS; ++t) {
    uint columns = uint(iy + t) < uint(p.in_h) ? uint(p.in_w) : 0u; // a row outside the input has no columns
    load_window(from + (iy + t) * p.in_w, ix, columns, last);
    [[unroll]] for (int r = 0; r < UP_H; ++r)
      if (kernel_row(t, r) >= 0) {
        [[unroll]] for (int kx = KERNEL_W - 1; kx >= 0; --kx)
          [[unroll]] for (int k = 0; k < 4 * UP_W; ++k)
            if (window_column(k, kx) >= 0)
              sums[r * UP_W + k / 4][k % 4] += kernel_at(kernel_row(t, r) * KERNEL_W + kx) * in_window(window_column(k, kx));
      }
  }
}
