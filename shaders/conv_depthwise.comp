// Convolutions in which every output channel has one input channel, for devices whose loads cost more than their
// arithmetic (CPU drivers).
//
// A lane does a block of ROWS rows of four pixels, in CHANNELS channels one after another:
//
//      input rows that a block of 2 rows sees         its sums
//      through a 3x3 kernel
//   t = 0  |= = = = = =| ------------------ ky = 0 --> |q0 q1 q2 q3|  row 0
//   t = 1  |= = = = = =| --- ky = 0 to row 1, ky = 1 to row 0
//   t = 2  |= = = = = =| --- ky = 1 to row 1, ky = 2 to row 0
//   t = 3  |= = = = = =| ------------------ ky = 2 --> |q0 q1 q2 q3|  row 1
//
// Each input row is loaded once. A lane that has whole words of the mask writes them once, without atomics.
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

layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, weights); // (channels, KERNEL_H * TAPS), each padded to vec4s
layout(binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(binding = 3) restrict buffer Output { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(4, residual);
layout(binding = 5) restrict buffer Mask { uint mask[]; };
layout(binding = 5) restrict buffer MaskVectors { uvec4 mask_vectors[]; };

const int RUN = 4;
const int KERNEL_VECTORS = (KERNEL_H * TAPS + 3) / 4;
const int INPUT_ROWS = (ROWS - 1) * STRIDE_H + (KERNEL_H - 1) * DILATION_H + 1;
#include "vector_epilogue.glsl"
#include "window.glsl"

vec4 kernel[KERNEL_VECTORS];
vec4 sums[ROWS];
uvec4 bits[ROWS];

// The kernel's row through which row r of the block sees input row t, or -1.
int kernel_row(int t, int r) {
  int from = t - r * STRIDE_H;
  return from >= 0 && from % DILATION_H == 0 && from / DILATION_H < KERNEL_H ? from / DILATION_H : -1;
}

// `from` is the address of the channel's input, (iy, ix) the first pixel that the block sees.
void accumulate(int channel, int from, int iy, int ix, int last) {
  [[unroll]] for (int j = 0; j < KERNEL_VECTORS; ++j)
    kernel[j] = FETCH(weights, channel * KERNEL_VECTORS + j);
  float start = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[channel] : 0.0;
  [[unroll]] for (int r = 0; r < ROWS; ++r)
    sums[r] = vec4(start);
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
            int tap = kernel_row(t, r) * TAPS + kx;
            vec4 seen_by_tap;
            [[unroll]] for (int q = 0; q < 4; ++q)
              seen_by_tap[q] = in_window(q * STRIDE_W + kx * DILATION_W);
            sums[r] += kernel[tap / 4][tap % 4] * seen_by_tap;
          }
        }
    }
  }
}

void main() {
  int channels = p.groups * p.out_c;
  int quads = (p.out_w + 3) / 4; // a row
  int bands = (p.out_h + ROWS - 1) / ROWS;
  int tiles = (channels + CHANNELS - 1) / CHANNELS;
  int item = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * LANES + gl_LocalInvocationID.x);
  if (item >= p.batch * tiles * bands * quads)
    return;
  int ox = item % quads * 4;
  int oy = item / quads % bands * ROWS;
  int first = item / quads / bands % tiles * CHANNELS;
  int n = item / quads / bands / tiles;

  int in_plane = p.in_h * p.in_w;
  int plane = p.out_rows * p.out_cols;
  int last = (p.in_base + (p.batch - 1) * p.in_batch_stride + p.groups * in_plane - 1) / 4;
  int from = p.in_base + n * p.in_batch_stride;
  int count = min(4, p.out_w - ox);
  int rows = min(ROWS, p.out_h - oy);
  int pixels[ROWS]; // the first of each row
  [[unroll]] for (int r = 0; r < ROWS; ++r) {
    pixels[r] = ((oy + min(r, rows - 1)) * p.out_step_h + p.out_offset_h) * p.out_cols + ox * STEP + p.out_offset_w;
    bits[r] = uvec4(0);
    if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
      bits[r] = read_mask_quad(output_word(n, first, pixels[r], plane), count);
  }
  [[dont_unroll]] for (int channel = first; channel < min(first + CHANNELS, channels); ++channel) {
    accumulate(channel, from + channel / p.out_c * in_plane, oy * STRIDE_H - p.pad_top, ox * STRIDE_W - p.pad_left, last);
    [[unroll]] for (int r = 0; r < ROWS; ++r)
      if (r < rows) {
        vec4 v = finish_quad(sums[r], n, channel, pixels[r], count, plane);
        if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
          v = masked_quad(v, bits[r], channel);
        if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0)
          bits[r] |= open_quad(v, p.low, p.high, channel);
        store_quad(v, output_at(n, channel, pixels[r], plane), count);
      }
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0) {
    [[unroll]] for (int r = 0; r < ROWS; ++r)
      if (r < rows) {
        int word = output_word(n, first, pixels[r], plane);
        if (CHANNELS == 32)
          store_mask_quad(bits[r], word, count);
        else
          add_mask_quad(bits[r], word, count);
      }
  }
}
