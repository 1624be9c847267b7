// Gradient of an average pool as a gather. One thread does one input element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { PoolParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) buffer Outputs { float outputs[]; };
layout(binding = 2) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

// How many taps of the window at output position o lie inside the picture, along one axis.
int taps_inside(int o, int stride, int pad, int kernel, int dilation, int extent) {
  int taps = 0;
  for (int k = 0; k < kernel; ++k) {
    const int i = o * stride - pad + k * dilation;
    taps += i >= 0 && i < extent ? 1 : 0;
  }
  return taps;
}

void main() {
  const int pixels = p.in_h * p.in_w;
  const int thread = int(gl_GlobalInvocationID.x);
  if (thread >= p.batch * p.channels * pixels)
    return;
  const int ix = thread % p.in_w;
  const int iy = thread / p.in_w % p.in_h;
  const int plane = thread / pixels * p.out_h * p.out_w;
  float sum = 0.0;
  for (int ky = 0; ky < p.kernel_h; ++ky) {
    const int y = iy + p.pad_top - ky * p.dilation_h;
    if (y < 0 || y % p.stride_h != 0 || y / p.stride_h >= p.out_h)
      continue;
    const int oy = y / p.stride_h;
    for (int kx = 0; kx < p.kernel_w; ++kx) {
      const int x = ix + p.pad_left - kx * p.dilation_w;
      if (x < 0 || x % p.stride_w != 0 || x / p.stride_w >= p.out_w)
        continue;
      const int ox = x / p.stride_w;
      int divisor = p.average_divisor;
      if (divisor == 0)
        divisor = taps_inside(oy, p.stride_h, p.pad_top, p.kernel_h, p.dilation_h, p.in_h) *
                  taps_inside(ox, p.stride_w, p.pad_left, p.kernel_w, p.dilation_w, p.in_w);
      sum += inputs[plane + oy * p.out_w + ox] / float(divisor);
    }
  }
  const int c = thread / pixels % p.channels;
  const int n = thread / pixels / p.channels;
  outputs[thread] = gradient_epilogue(sum, uint(thread), n, p.channels, c, pixels, iy * p.in_w + ix);
}
