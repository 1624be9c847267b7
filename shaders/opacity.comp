// Of an objective O that counts as O (1 - mean opacity): what its gradients are multiplied by, and its gradient with
// respect to an opacity. A workgroup does an image.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { OpacityParams p; };
layout(binding = 0) readonly buffer Image { float image[]; };  // (N, planes + 1, H, W)
layout(binding = 1) readonly buffer Values { float values[]; }; // of the objective, `parts` an image
layout(binding = 2) writeonly buffer Factors { vec2 factors[]; };

void main() {
  const int n = int(gl_WorkGroupID.y), lane = int(gl_LocalInvocationID.x);
  float sum = 0.0, value = 0.0;
  for (int i = lane; i < p.pixels; i += 64)
    sum += image[((p.planes + 1) * n + p.planes) * p.pixels + i];
  for (int i = lane; i < p.parts; i += 64)
    value += values[n * p.parts + i];
  sum = reduce_sum(sum);
  value = reduce_sum(value);
  if (lane == 0)
    factors[n] = vec2(1.0 - sum / float(p.pixels), -value / float(p.pixels));
}
