// Local response normalization (lrn.comp) in double. One thread does 32 channels of one pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#define EXACT
#include "params.h"
#include "linear.glsl"
#include "real.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { LrnParams p; };
layout(binding = 0) readonly buffer Inputs { double inputs[]; };
layout(binding = 1) writeonly buffer Outputs { double outputs[]; };

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int item = linear_item();
  if (item >= p.batch * blocks * p.pixels)
    return;
  const int base = item / p.pixels / blocks * p.channels * p.pixels + item % p.pixels;
  const int first = item / p.pixels % blocks * 32;
  for (int c = first; c < min(first + 32, p.channels); ++c) {
    double sum = 0.0;
    for (int i = max(c - (p.size - 1) / 2, 0); i <= min(c + p.size / 2, p.channels - 1); ++i) {
      const double x = inputs[base + i * p.pixels];
      sum += x * x;
    }
    sum = double(p.bias) + double(p.alpha) / double(p.size) * sum;
    const int index = base + c * p.pixels;
    outputs[index] = inputs[index] * raised(sum, -double(p.beta));
  }
}
