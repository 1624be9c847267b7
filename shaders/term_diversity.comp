// The sum over the other images j of <g_i, g_j>, over the number of images: g are Gram matrices over their norms.
// PHASE 0, workgroup (part, image): a part of that. 1, a thread an element: M of image i, of which M a is the gradient of
// the whole batch's term with respect to its layer a.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint PHASE = 0u;
layout(push_constant) uniform Push { GramParams p; };
layout(binding = 0) readonly buffer Grams { float grams[]; };
layout(binding = 1) readonly buffer Norms { float norms[]; };
layout(binding = 2) readonly buffer Weights { float weights[]; }; // (image)
layout(binding = 3) buffer Products { float products[]; };        // (image, part)
layout(binding = 4) buffer Outputs { float outputs[]; };          // parts of the value, or M

float of_others(int n, int i) {
  float sum = 0.0;
  for (int j = 0; j < p.batch; ++j)
    if (j != n)
      sum += grams[j * p.size + i] / norms[j];
  return sum;
}

void main() {
  const int n = int(gl_WorkGroupID.y), lane = int(gl_LocalInvocationID.x);
  const float weight = weights[n] / float(p.batch);
  if (PHASE == 0u) {
    const int part = int(gl_WorkGroupID.x);
    float sum = 0.0;
    for (int i = part * 64 + lane; i < p.size; i += OBJECTIVE_PARTS * 64)
      sum += grams[n * p.size + i] / norms[n] * of_others(n, i);
    sum = reduce_sum(sum);
    if (lane == 0) {
      products[n * OBJECTIVE_PARTS + part] = sum;
      outputs[(n * p.terms + p.term) * OBJECTIVE_PARTS + part] = weight * sum;
    }
    return;
  }
  const float product = reduce_sum(lane < OBJECTIVE_PARTS ? products[n * OBJECTIVE_PARTS + lane] : 0.0);
  const int i = item_of_image();
  if (i >= p.size)
    return;
  // Each pair counts twice in the batch's sum; a Gram matrix's derivative with respect to a is 2 a. At the floor of a
  // norm it is a constant.
  const float own = norms[n] > 1e-10 ? product * grams[n * p.size + i] / norms[n] : 0.0;
  outputs[n * p.size + i] = 4.0 * weight * (of_others(n, i) - own) / norms[n];
}
