// Direct convolution for few channels a group (stems, their gradients, depthwise): one thread does one
// output position and CHANNELS output channels of one group.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int KERNEL_H = 1;
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int CHANNELS = 4;
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; }; // (groups*tiles, in_c, kh, kw, CHANNELS)
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Residual { float residual[]; };
layout(binding = 5) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"

void main() {
  const int position = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationID.x);
  if (position >= p.batch * p.out_h * p.out_w)
    return;
  const int ox = position % p.out_w;
  const int oy = position / p.out_w % p.out_h;
  const int n = position / p.out_w / p.out_h;
  const int tiles = (p.out_c + CHANNELS - 1) / CHANNELS;
  const int tile = int(gl_WorkGroupID.y);
  const int g = tile / tiles;

  float sum[CHANNELS];
  for (int i = 0; i < CHANNELS; ++i)
    sum[i] = 0.0;
  int w = tile * p.in_c * KERNEL_H * KERNEL_W * CHANNELS;
  for (int c = 0; c < p.in_c; ++c) {
    const int plane = p.in_base + n * p.in_batch_stride + (g * p.in_c + c) * p.in_h * p.in_w;
    for (int ky = 0; ky < KERNEL_H; ++ky) {
      const int iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
      for (int kx = 0; kx < KERNEL_W; ++kx) {
        const int ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
        const bool inside = iy >= 0 && iy < p.in_h && ix >= 0 && ix < p.in_w;
        const float v = inside ? inputs[plane + iy * p.in_w + ix] : 0.0;
        for (int i = 0; i < CHANNELS; ++i)
          sum[i] += weights[w + i] * v;
        w += CHANNELS;
      }
    }
  }
  const int first = tile % tiles * CHANNELS;
  for (int i = 0; i < CHANNELS; ++i)
    if (first + i < p.out_c)
      store_conv(sum[i], n, g, first + i, oy, ox);
}
