// A convolution's sums of products in double; a dense layer is one of kernel 1x1 on one pixel. Biases and all that
// follows is exact_map's. One thread does EXACT_PIXELS output positions and EXACT_CHANNELS output channels of one
// group, so that a value that it loads is of use several times.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { double inputs[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; }; // (groups*out_c, in_c, kh, kw)
layout(binding = 2) writeonly buffer Outputs { double outputs[]; };

void main() {
  const int item = linear_item();
  const int pixels = p.out_h * p.out_w;
  const int runs = (pixels + EXACT_PIXELS - 1) / EXACT_PIXELS;
  const int tiles = (p.out_c + EXACT_CHANNELS - 1) / EXACT_CHANNELS;
  if (item >= p.batch * p.groups * tiles * runs)
    return;
  const int pixel = item % runs * EXACT_PIXELS;
  const int channel = item / runs % tiles * EXACT_CHANNELS;
  const int g = item / runs / tiles % p.groups;
  const int n = item / runs / tiles / p.groups;

  const int plane = p.in_h * p.in_w;
  const int taps = p.kernel_h * p.kernel_w;
  const int first = p.in_base + n * p.in_batch_stride + g * p.in_c * plane;
  int row[EXACT_CHANNELS];
  double sum[EXACT_CHANNELS][EXACT_PIXELS];
  [[unroll]] for (int i = 0; i < EXACT_CHANNELS; ++i) {
    row[i] = (g * p.out_c + min(channel + i, p.out_c - 1)) * p.in_c * taps;
    [[unroll]] for (int j = 0; j < EXACT_PIXELS; ++j)
      sum[i][j] = 0.0;
  }
  [[dont_unroll]] for (int ky = 0; ky < p.kernel_h; ++ky)
    [[dont_unroll]] for (int kx = 0; kx < p.kernel_w; ++kx) {
      int from[EXACT_PIXELS]; // -1: outside
      [[unroll]] for (int j = 0; j < EXACT_PIXELS; ++j) {
        const int iy = (pixel + j) / p.out_w * p.stride_h - p.pad_top + ky * p.dilation_h;
        const int ix = (pixel + j) % p.out_w * p.stride_w - p.pad_left + kx * p.dilation_w;
        from[j] = iy >= 0 && iy < p.in_h && ix >= 0 && ix < p.in_w ? first + iy * p.in_w + ix : -1;
      }
      [[dont_unroll]] for (int c = 0; c < p.in_c; ++c) {
        double v[EXACT_PIXELS];
        [[unroll]] for (int j = 0; j < EXACT_PIXELS; ++j)
          v[j] = from[j] >= 0 ? inputs[from[j] + c * plane] : 0.0;
        [[unroll]] for (int i = 0; i < EXACT_CHANNELS; ++i) {
          const double w = weights[row[i] + c * taps + ky * p.kernel_w + kx];
          [[unroll]] for (int j = 0; j < EXACT_PIXELS; ++j)
            sum[i][j] += w * v[j];
        }
      }
    }
  const int out_plane = p.out_rows * p.out_cols;
  const int to = p.out_base + n * p.out_batch_stride + (g * p.out_c + channel) * out_plane;
  [[unroll]] for (int j = 0; j < EXACT_PIXELS; ++j)
    if (pixel + j < pixels) {
      const int oy = (pixel + j) / p.out_w * p.out_step_h + p.out_offset_h;
      const int ox = (pixel + j) % p.out_w * p.out_step_w + p.out_offset_w;
      [[unroll]] for (int i = 0; i < EXACT_CHANNELS; ++i)
        if (channel + i < p.out_c)
          outputs[to + i * out_plane + oy * p.out_cols + ox] = sum[i][j];
    }
}
