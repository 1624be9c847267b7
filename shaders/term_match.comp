// Minus the mean of (a - photo's a)^2.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "term_factors.glsl"

layout(binding = 3) readonly buffer Weights { float weights[]; };

void main() {
  const float mean = 1.0 / float(p.channels * pixels());
  const float weight = weights[image()];
  const float total = pair_totals().x;
  if (lane() == 0)
    factors[image()] = vec2(2.0, -2.0) * weight * mean;
  store_value(-weight * mean * total);
}
