// Half the sum of (x - blur x)^2, the blur (1 in the middle, .5 around, over the sum of what lies inside) taken as a
// constant: to go against it is to blur the image a little in each step.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "image_term.glsl"

float pixel_gradient(Place at) {
  const float v = pixel_at(at.plane, at.y, at.x);
  float sum = 0.0, weights = 0.0;
  for (int y = max(at.y - 1, 0); y <= min(at.y + 1, p.height - 1); ++y)
    for (int x = max(at.x - 1, 0); x <= min(at.x + 1, p.width - 1); ++x) {
      const float weight = y == at.y && x == at.x ? 1.0 : 0.5;
      sum += weight * pixel_at(at.plane, y, x);
      weights += weight;
    }
  return v - sum / weights;
}
float pixel_value(Place at) {
  const float difference = pixel_gradient(at);
  return 0.5 * difference * difference;
}

IMAGE_TERM_MAIN
