// Minus the mean over positions of |a - photo's a|.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "term_factors.glsl"

layout(binding = 3) readonly buffer Weights { float weights[]; };

void main() {
  const float weight = weights[image()] / float(pixels());
  float sum = 0.0;
  for (int i = lane(); i < pixels(); i += 64) {
    const float distance = sqrt(pairs[image() * pixels() + i].x);
    sum += distance;
    const float factor = distance > 0.0 ? weight / distance : 0.0;
    factors[image() * pixels() + i] = vec2(factor, -factor);
  }
  store_value(-weight * reduce_sum(sum));
}
