// The gradient of a ReLU in a recipe's first steps: the usual one where any of it passes; in an image where
// the ReLU blocks it all, what would push a closed unit up passes too. In place.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { MapParams p; };
layout(binding = 0) buffer Gradient { float gradient[]; };
layout(binding = 1) readonly buffer Mask { uint mask[]; };
layout(binding = 2) readonly buffer Found { uint found[]; };

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int word = linear_item();
  if (word >= p.batch * blocks * p.pixels)
    return;
  const int pixel = word % p.pixels;
  const int n = word / p.pixels / blocks;
  const int first = word / p.pixels % blocks * 32;
  const uint open = mask[word];
  const bool blocked = found[n] == 0u;
  for (int c = first; c < min(first + 32, p.channels); ++c) {
    const uint index = uint((n * p.channels + c) * p.pixels + pixel);
    const float g = gradient[index];
    if ((open >> (c & 31) & 1u) == 0u && !(blocked && g > 0.0))
      gradient[index] = 0.0;
  }
}
