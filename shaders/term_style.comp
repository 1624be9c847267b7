// Minus the mean over entries of |G - S| / (H W), G and S the Gram matrices of a layer for the image and for the style
// picture: workgroup (part, image) does a part. In the place of G it leaves M, of which M a is the gradient.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { GramParams p; };
layout(binding = 0) buffer Own { float own[]; };
layout(binding = 1) readonly buffer Style { float style[]; };
layout(binding = 2) readonly buffer Weights { float weights[]; }; // (image)
layout(binding = 3) writeonly buffer Partials { float partials[]; };

void main() {
  const int part = int(gl_WorkGroupID.x), n = int(gl_WorkGroupID.y), lane = int(gl_LocalInvocationID.x);
  const float weight = -weights[n] * p.scale;
  float sum = 0.0;
  for (int i = part * 64 + lane; i < p.size; i += OBJECTIVE_PARTS * 64) {
    const int at = n * p.size + i;
    const float difference = own[at] - style[at];
    sum += abs(difference);
    own[at] = 2.0 * weight * sign(difference);
  }
  sum = reduce_sum(sum);
  if (lane == 0)
    partials[(n * p.terms + p.term) * OBJECTIVE_PARTS + part] = weight * sum;
}
