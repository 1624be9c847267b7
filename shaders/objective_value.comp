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
  const int term = n * p.terms + p.first + int(gl_WorkGroupID.y);
  const ObjectiveTerm t = terms[term];
  const int image = n * p.channels * p.pixels;
  const int lane = int(gl_LocalInvocationID.x);
  const int elements = t.kind == TERM_MEAN_SQUARE ? p.channels * p.pixels : t.kind == TERM_UNIT ? 1 : p.pixels;
  const int from = t.kind == TERM_MEAN_SQUARE ? image : image + t.channel * p.pixels + t.pixel;
  float sum = 0.0;
  for (int i = part * 64 + lane; i < elements; i += OBJECTIVE_PARTS * 64) {
    const float v = layer[from + i];
    sum += t.kind == TERM_MEAN_SQUARE ? v * v : v;
  }
  sum = reduce_sum(sum);
  if (lane == 0)
    partials[term * OBJECTIVE_PARTS + part] = t.weight * sum;
}
