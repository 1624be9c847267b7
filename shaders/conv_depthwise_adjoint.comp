// The adjoint of a convolution with strides in which every channel has one channel, for devices whose loads cost more than
// their arithmetic (CPU drivers). By phases (plan/conv_params.h) it would be UP_H * UP_W passes, whose stores skip.
// ConvParams are those of the convolution, with in and out exchanged.
//
//   columns of the input    |o0 o1 o2 o3|  and those beside them that its pixels need: column LEFT of the first is the
//   pixels of the output    |x0 x1 ... x(4 UP_W - 1)|                        window's first; rows likewise from TOP on
//   a lane does these, of   |=======================|
//   UP_H rows, in CHANNELS channels one after another
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

layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, weights); // (channels, KERNEL_H * KERNEL_W), each padded to vec4s
layout(binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(binding = 3) restrict buffer Output { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(4, residual);
layout(binding = 5) restrict buffer Mask { uint mask[]; };
layout(binding = 5) restrict buffer MaskVectors { uvec4 mask_vectors[]; };

const int STEP = 1;
#include "vector_epilogue.glsl"
const int RUN = COLUMNS, TAPS = 1, STRIDE_W = 1, DILATION_W = 1;
#include "window.glsl"

const int PIXELS = 4 * UP_W;
const int KERNEL_VECTORS = (KERNEL_H * KERNEL_W + 3) / 4;
const int QUADS = UP_H * UP_W;
vec4 kernel[KERNEL_VECTORS];
vec4 sums[QUADS];
uvec4 bits[QUADS];

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

// `from` is the address of the channel's input, (iy, ix) the first pixel of the window.
void accumulate(int channel, int from, int iy, int ix, int last) {
  [[unroll]] for (int j = 0; j < KERNEL_VECTORS; ++j)
    kernel[j] = FETCH(weights, channel * KERNEL_VECTORS + j);
  float start = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[channel] : 0.0;
  [[unroll]] for (int q = 0; q < QUADS; ++q)
    sums[q] = vec4(start);
  [[unroll]] for (int t = 0; t < INPUT_ROWS; ++t) {
    uint columns = uint(iy + t) < uint(p.in_h) ? uint(p.in_w) : 0u; // a row outside the input has no columns
    load_window(from + (iy + t) * p.in_w, ix, columns, last);
    [[unroll]] for (int r = 0; r < UP_H; ++r)
      if (kernel_row(t, r) >= 0) {
        [[unroll]] for (int kx = KERNEL_W - 1; kx >= 0; --kx) {
          int tap = kernel_row(t, r) * KERNEL_W + kx;
          [[unroll]] for (int k = 0; k < PIXELS; ++k)
            if (window_column(k, kx) >= 0)
              sums[r * UP_W + k / 4][k % 4] += kernel[tap / 4][tap % 4] * in_window(window_column(k, kx));
        }
      }
  }
}

void main() {
  int channels = p.groups * p.out_c;
  int runs = (p.out_w + PIXELS - 1) / PIXELS; // a row
  int bands = (p.out_h + UP_H - 1) / UP_H;
  int tiles = (channels + CHANNELS - 1) / CHANNELS;
  int item = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * LANES + gl_LocalInvocationID.x);
  if (item >= p.batch * tiles * bands * runs)
    return;
  int run = item % runs;
  int band = item / runs % bands;
  int first = item / runs / bands % tiles * CHANNELS;
  int n = item / runs / bands / tiles;

  int in_plane = p.in_h * p.in_w;
  int plane = p.out_rows * p.out_cols;
  int last = (p.in_base + (p.batch - 1) * p.in_batch_stride + p.groups * in_plane - 1) / 4;
  int from = p.in_base + n * p.in_batch_stride;
  int pixels[QUADS], counts[QUADS]; // the first of each quad, and how many of them are there
  [[unroll]] for (int q = 0; q < QUADS; ++q) {
    int y = band * UP_H + q / UP_W, x = run * PIXELS + q % UP_W * 4;
    pixels[q] = y * p.out_cols + x;
    counts[q] = y < p.out_h ? min(4, p.out_w - x) : 0;
    bits[q] = uvec4(0);
    if ((EPILOGUE & EPILOGUE_MASK_READ) != 0 && counts[q] > 0)
      bits[q] = read_mask_quad(output_word(n, first, pixels[q], plane), counts[q]);
  }
  [[dont_unroll]] for (int channel = first; channel < min(first + CHANNELS, channels); ++channel) {
    accumulate(channel, from + channel * in_plane, band + TOP, run * 4 + LEFT, last);
    [[unroll]] for (int q = 0; q < QUADS; ++q)
      if (counts[q] > 0) {
        vec4 v = finish_quad(sums[q], n, channel, pixels[q], counts[q], plane);
        if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
          v = masked_quad(v, bits[q], channel);
        if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0)
          bits[q] |= open_quad(v, p.low, p.high, channel);
        store_quad(v, output_at(n, channel, pixels[q], plane), counts[q]);
      }
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0) {
    [[unroll]] for (int q = 0; q < QUADS; ++q)
      if (counts[q] > 0) {
        int word = output_word(n, first, pixels[q], plane);
        if (CHANNELS == 32)
          store_mask_quad(bits[q], word, counts[q]);
        else
          add_mask_quad(bits[q], word, counts[q]);
      }
  }
}
