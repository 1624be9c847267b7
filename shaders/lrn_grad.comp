// dx = dy / s^beta - x * 2 alpha beta / size * sum of dy * y / s over the channels whose sums s this one is part of.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "real.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { LrnParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };     // dy
layout(binding = 1) readonly buffer Elements { float elements[]; }; // x
layout(binding = 2) readonly buffer Results { float results[]; };   // y
layout(binding = 3) readonly buffer Sums { float sums[]; };
layout(binding = 4) buffer Outputs { float outputs[]; };
layout(binding = 5) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int item = linear_item();
  if (item >= p.batch * blocks * p.pixels)
    return;
  const int pixel = item % p.pixels;
  const int n = item / p.pixels / blocks;
  const int base = n * p.channels * p.pixels + pixel;
  const int first = item / p.pixels % blocks * 32;
  for (int c = first; c < min(first + 32, p.channels); ++c) {
    float sum = 0.0;
    for (int i = max(c - p.size / 2, 0); i <= min(c + (p.size - 1) / 2, p.channels - 1); ++i) {
      const int at = base + i * p.pixels;
      sum += inputs[at] * results[at] / sums[at];
    }
    const int index = base + c * p.pixels;
    const float v = inputs[index] * raised(sums[index], -p.beta) -
                    2.0 * p.alpha * p.beta / float(p.size) * elements[index] * sum;
    outputs[index] = gradient_epilogue(v, uint(index), n, p.channels, c, p.pixels, pixel);
  }
}
