// Which images have a gradient that this ReLU blocks entirely: found[n] becomes nonzero where some of the
// gradient passes. One thread does 32 channels of one pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { MapParams p; };
layout(binding = 0) readonly buffer Gradient { float gradient[]; };
layout(binding = 1) readonly buffer Mask { uint mask[]; };
layout(binding = 2) buffer Found { uint found[]; };

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int word = linear_item();
  if (word >= p.batch * blocks * p.pixels)
    return;
  const int pixel = word % p.pixels;
  const int n = word / p.pixels / blocks;
  const int first = word / p.pixels % blocks * 32;
  const uint open = mask[word];
  bool passes = false;
  for (int c = first; c < min(first + 32, p.channels); ++c)
    if ((open >> (c & 31) & 1u) != 0u && gradient[(n * p.channels + c) * p.pixels + pixel] != 0.0)
      passes = true;
  if (passes)
    atomicOr(found[n], 1u);
}
