// sqrt(1e-6 + the sum of (x - c)^2): the squares, part by part; then, a workgroup an image, the root; then the gradient.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "image_term.glsl"

layout(constant_id = 2) const bool ROOT = false;
layout(binding = 3) buffer Squares { float squares[]; }; // of each image: its parts, then the root of their sum

const int EACH = OBJECTIVE_PARTS + 1;

float distance_to_constant(int i) {
  return image[image_number() * image_elements() + i] - terms[image_number()].constant;
}

void main() {
  const int n = image_number(), lane = int(gl_LocalInvocationID.x);
  const float weight = terms[n].weight;
  if (GRADIENT) {
    const int i = item_of_image();
    if (i < image_elements())
      store_image_gradient(i, weight * distance_to_constant(i) / squares[n * EACH + OBJECTIVE_PARTS]);
    return;
  }
  if (ROOT) {
    const float sum = reduce_sum(lane < OBJECTIVE_PARTS ? squares[n * EACH + lane] : 0.0);
    const float root = sqrt(1e-6 + sum);
    if (lane == 0)
      squares[n * EACH + OBJECTIVE_PARTS] = root;
    if (lane < OBJECTIVE_PARTS)
      outputs[(n * p.terms + p.term) * OBJECTIVE_PARTS + lane] = lane == 0 ? weight * root : 0.0;
    return;
  }
  float sum = 0.0;
  for (int i = int(gl_WorkGroupID.x) * 64 + lane; i < image_elements(); i += OBJECTIVE_PARTS * 64)
    sum += distance_to_constant(i) * distance_to_constant(i);
  sum = reduce_sum(sum);
  if (lane == 0)
    squares[n * EACH + int(gl_WorkGroupID.x)] = sum;
}
