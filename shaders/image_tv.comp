// Total variation: the sum of the absolute differences of neighbours, both ways.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "image_term.glsl"

float pixel_value(Place at) {
  const float v = pixel_at(at.plane, at.y, at.x);
  float sum = 0.0;
  if (at.y + 1 < p.height)
    sum += abs(pixel_at(at.plane, at.y + 1, at.x) - v);
  if (at.x + 1 < p.width)
    sum += abs(pixel_at(at.plane, at.y, at.x + 1) - v);
  return sum;
}

float pixel_gradient(Place at) {
  const float v = pixel_at(at.plane, at.y, at.x);
  float sum = 0.0;
  if (at.y + 1 < p.height)
    sum += sign(v - pixel_at(at.plane, at.y + 1, at.x));
  if (at.y > 0)
    sum += sign(v - pixel_at(at.plane, at.y - 1, at.x));
  if (at.x + 1 < p.width)
    sum += sign(v - pixel_at(at.plane, at.y, at.x + 1));
  if (at.x > 0)
    sum += sign(v - pixel_at(at.plane, at.y, at.x - 1));
  return sum;
}

IMAGE_TERM_MAIN
