// Partial sums of each term's value: workgroup (part, term of this layer, image).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { ObjectiveParams p; };
layout(binding = 0) readonly buffer Layer { float layer[]; };
layout(binding = 1) readonly buffer Terms { ObjectiveTerm terms[]; };
layout(binding = 2) writeonly buffer Partials { float partials[]; }; // (image, term, part)

void main() {
  const int part = int(gl_WorkGroupID.x);
  const int n = int(gl_WorkGroupID.z);
  const int of_run = int(gl_WorkGroupID.y);
  const ObjectiveTerm t = terms[n * p.count + of_run];
  const int pixels = p.rows * p.columns;
  const int image = n * p.channels * pixels;
  const int lane = int(gl_LocalInvocationID.x);
  const int elements = t.kind == TERM_MEAN_SQUARE ? p.channels * pixels : t.width * t.height;
  float sum = 0.0;
  for (int i = part * 64 + lane; i < elements; i += OBJECTIVE_PARTS * 64) {
    if (t.kind == TERM_MEAN_SQUARE) {
      const float v = layer[image + i];
      sum += v * v;
    } else {
      sum += layer[image + t.channel * pixels + (t.y + i / t.width) * p.columns + t.x + i % t.width];
    }
  }
  sum = reduce_sum(sum);
  if (lane == 0)
    partials[(n * p.terms + p.first + of_run) * OBJECTIVE_PARTS + part] = t.weight * sum;
}
