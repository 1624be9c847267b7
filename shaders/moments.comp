// Mean and deviation of each image's numbers; or, with ADJOINT, what the gradient through their standardization needs: the
// means of g and of g y, y the standardized numbers. A part of it each workgroup; with MERGE one adds up an image's parts.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool ADJOINT = false;
layout(constant_id = 1) const bool MERGE = false;
layout(push_constant) uniform Push { MomentsParams p; };
layout(binding = 0) readonly buffer Values { float values[]; }; // x; with ADJOINT g
layout(binding = 1) readonly buffer Standard { float standard[]; }; // y, laid out alike; only with ADJOINT
layout(binding = 2) buffer Parts { vec4 parts[]; };           // (image, part): number, mean, sum of squared distances
layout(binding = 3) buffer Result { Moments moments[]; };

int place_of(int i) {
  const int pixels = p.height * p.width;
  return (int(gl_WorkGroupID.y) * p.planes + i / pixels) * p.plane_stride + i % pixels / p.width * p.row_stride +
         i % p.width;
}

void merge() {
  const int n = int(gl_WorkGroupID.y), lane = int(gl_LocalInvocationID.x);
  float number = 0.0, sum = 0.0, other = 0.0;
  for (int i = lane; i < p.parts; i += 64) {
    const vec4 part = parts[n * p.parts + i];
    number += part.x;
    sum += part.x * part.y;
    other += ADJOINT ? part.x * part.z : 0.0;
  }
  number = reduce_sum(number);
  const float mean = reduce_sum(sum) / number;
  if (!ADJOINT)
    for (int i = lane; i < p.parts; i += 64) {
      const vec4 part = parts[n * p.parts + i];
      other += part.z + part.x * (part.y - mean) * (part.y - mean);
    }
  other = reduce_sum(other) / number;
  if (lane == 0)
    moments[n] = Moments(mean, ADJOINT ? other : sqrt(other));
}

void main() {
  if (MERGE) {
    merge();
    return;
  }
  const int part = int(gl_WorkGroupID.x), lane = int(gl_LocalInvocationID.x);
  const int count = p.planes * p.height * p.width;
  float number = 0.0, sum = 0.0, other = 0.0;
  for (int i = part * 64 + lane; i < count; i += p.parts * 64) {
    const int at = place_of(i);
    number += 1.0;
    sum += values[at];
    if (ADJOINT)
      other += values[at] * standard[at];
  }
  number = reduce_sum(number);
  const float mean = reduce_sum(sum) / max(number, 1.0);
  if (ADJOINT)
    other = reduce_sum(other) / max(number, 1.0);
  else {
    for (int i = part * 64 + lane; i < count; i += p.parts * 64) {
      const float distance = values[place_of(i)] - mean;
      other += distance * distance;
    }
    other = reduce_sum(other);
  }
  if (lane == 0)
    parts[int(gl_WorkGroupID.y) * p.parts + part] = vec4(number, mean, other, 0.0);
}
