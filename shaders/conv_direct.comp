// Direct convolution for few channels a group (stems' gradients, depthwise): one thread does OUTPUTS neighbours of a row
// for CHANNELS output channels of one group.
//
// A row of the kernel at a time: what one tap reads for an output another has read for a neighbour before, so each input
// of the row is loaded once. Taps that lie REUSE_TAPS apart read the same for outputs REUSE_OUTPUTS apart.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int KERNEL_H = 1;
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int CHANNELS = 4;
layout(constant_id = 4) const int OUTPUTS = 4;
layout(constant_id = 5) const int TAPS = 1; // of a row that are unrolled; those beyond KERNEL_W have weights of 0
layout(constant_id = 6) const int REUSE_TAPS = 1;    // STRIDE_W over its greatest common divisor with DILATION_W
layout(constant_id = 7) const int REUSE_OUTPUTS = 1; // and DILATION_W
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { vec4 weights[]; }; // (groups*tiles, in_c, kh, pieces, TAPS*CHANNELS up to 4)
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Residual { float residual[]; };
layout(binding = 5) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"

const int PIECES = (KERNEL_W + TAPS - 1) / TAPS; // of a row of the kernel
const int WEIGHTS = (TAPS * CHANNELS + 3) / 4; // quads of a piece

// Of each input that a thread loads for a piece: its column, and whether it is there.
int columns[TAPS * OUTPUTS];
bool inside[TAPS * OUTPUTS];

bool is_loaded(int kx, int x) { return kx < REUSE_TAPS || x + REUSE_OUTPUTS >= OUTPUTS; }

void find_columns(int x0) {
  [[unroll]] for (int kx = 0; kx < TAPS; ++kx)
    [[unroll]] for (int x = 0; x < OUTPUTS; ++x)
      if (is_loaded(kx, x)) {
        const int ix = x0 + x * p.stride_w + kx * p.dilation_w;
        columns[kx * OUTPUTS + x] = clamp(ix, 0, p.in_w - 1);
        inside[kx * OUTPUTS + x] = uint(ix) < uint(p.in_w);
      }
}

void main() {
  const int item = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationID.x);
  const int items = (p.out_w + OUTPUTS - 1) / OUTPUTS; // of a row
  if (item >= p.batch * p.out_h * items)
    return;
  const int ox = item % items * OUTPUTS;
  const int oy = item / items % p.out_h;
  const int n = item / items / p.out_h;
  const int tiles = (p.out_c + CHANNELS - 1) / CHANNELS;
  const int tile = int(gl_WorkGroupID.y);
  const int g = tile / tiles;
  const int x0 = ox * p.stride_w - p.pad_left;
  const int y0 = oy * p.stride_h - p.pad_top;
  int plane = p.in_base + n * p.in_batch_stride + g * p.in_c * p.in_h * p.in_w;
  int weight = tile * p.in_c * KERNEL_H * PIECES * WEIGHTS;

  float sums[CHANNELS * OUTPUTS];
  [[unroll]] for (int i = 0; i < CHANNELS * OUTPUTS; ++i)
    sums[i] = 0.0;
  if (PIECES == 1)
    find_columns(x0);
  for (int c = 0; c < p.in_c; ++c) {
    for (int ky = 0; ky < KERNEL_H; ++ky) {
      const int iy = y0 + ky * p.dilation_h;
      const bool row_inside = uint(iy) < uint(p.in_h);
      const int row = plane + (row_inside ? iy : 0) * p.in_w;
      for (int piece = 0; piece < PIECES; ++piece) {
        if (PIECES > 1)
          find_columns(x0 + piece * TAPS * p.dilation_w);
        float w[WEIGHTS * 4];
        [[unroll]] for (int i = 0; i < WEIGHTS; ++i) {
          const vec4 quad = weights[weight + i];
          [[unroll]] for (int j = 0; j < 4; ++j)
            w[i * 4 + j] = quad[j];
        }
        weight += WEIGHTS;
        float v[TAPS * OUTPUTS];
        [[unroll]] for (int kx = 0; kx < TAPS; ++kx)
          [[unroll]] for (int x = 0; x < OUTPUTS; ++x) {
            const int at = kx * OUTPUTS + x;
            if (is_loaded(kx, x)) { // what lies outside is not used, but a load it is
              const float value = inputs[row + columns[at]];
              v[at] = row_inside && inside[at] ? value : 0.0;
            } else {
              v[at] = v[(kx - REUSE_TAPS) * OUTPUTS + x + REUSE_OUTPUTS];
            }
            [[unroll]] for (int i = 0; i < CHANNELS; ++i)
              sums[i * OUTPUTS + x] += w[kx * CHANNELS + i] * v[at];
          }
      }
    }
    plane += p.in_h * p.in_w;
  }
  for (int i = 0; i < CHANNELS * OUTPUTS; ++i) { // one copy of the epilogue for all
    float sum = sums[0];
    [[unroll]] for (int j = 1; j < CHANNELS * OUTPUTS; ++j)
      sum = i == j ? sums[j] : sum;
    const int c = tile % tiles * CHANNELS + i / OUTPUTS;
    const int x = ox + i % OUTPUTS;
    if (c < p.out_c && x < p.out_w)
      store_conv(sum, n, g, c, oy, x);
  }
}
