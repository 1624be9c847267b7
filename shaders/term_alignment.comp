// Minus the mean of (a_i - a_j)^2 over 2^|i - j|, of each pair of images of the batch once: half of it each's.
// With GRADIENT that with respect to a_i; else workgroup (part, image) does a part of its value.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool GRADIENT = false;
layout(push_constant) uniform Push { AlignmentParams p; };
layout(binding = 0) readonly buffer Own { float own[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; }; // (image): the term's
layout(binding = 2) buffer Outputs { float outputs[]; };          // the gradient, or parts of the value
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int n = int(gl_WorkGroupID.y);
  const int elements = p.channels * p.pixels;
  const float weight = weights[n] / float(elements);
  if (GRADIENT) {
    const int i = item_of_image();
    if (i >= elements)
      return;
    const int index = n * elements + i;
    const float a = own[index];
    float g = 0.0;
    for (int j = 0; j < p.batch; ++j)
      g += ldexp(1.0, -abs(n - j)) * (own[j * elements + i] - a);
    outputs[index] =
        gradient_epilogue(2.0 * weight * g, uint(index), n, p.channels, i / p.pixels, p.pixels, i % p.pixels);
    return;
  }
  const int part = int(gl_WorkGroupID.x), lane = int(gl_LocalInvocationID.x);
  float sum = 0.0;
  for (int j = 0; j < p.batch; ++j) {
    const float share = j == n ? 0.0 : 0.5 * ldexp(1.0, -abs(n - j));
    for (int i = part * 64 + lane; i < elements; i += OBJECTIVE_PARTS * 64) {
      const float d = own[n * elements + i] - own[j * elements + i];
      sum += share * d * d;
    }
  }
  sum = reduce_sum(sum);
  if (lane == 0)
    outputs[(n * p.terms + p.term) * OBJECTIVE_PARTS + part] = -weight * sum;
}
