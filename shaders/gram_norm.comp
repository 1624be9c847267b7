// The Frobenius norms of Gram matrices: PHASE 0 adds up squares, workgroup (part, image); 1 makes the norms, not under
// 1e-10, a workgroup an image.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint PHASE = 0u;
layout(push_constant) uniform Push { GramParams p; };
layout(binding = 0) readonly buffer Grams { float grams[]; };
layout(binding = 1) buffer Squares { float squares[]; }; // (image, part)
layout(binding = 2) buffer Norms { float norms[]; };

void main() {
  const int lane = int(gl_LocalInvocationID.x);
  if (PHASE == 0u) {
    const int part = int(gl_WorkGroupID.x), n = int(gl_WorkGroupID.y);
    float sum = 0.0;
    for (int i = part * 64 + lane; i < p.size; i += OBJECTIVE_PARTS * 64)
      sum += grams[n * p.size + i] * grams[n * p.size + i];
    sum = reduce_sum(sum);
    if (lane == 0)
      squares[n * OBJECTIVE_PARTS + part] = sum;
  } else {
    const int n = int(gl_WorkGroupID.x);
    const float sum = reduce_sum(lane < OBJECTIVE_PARTS ? squares[n * OBJECTIVE_PARTS + lane] : 0.0);
    if (lane == 0)
      norms[n] = max(sqrt(sum), 1e-10);
  }
}
