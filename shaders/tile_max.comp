// The maximum of a feature map, by one workgroup; a NaN does not count.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { TileMaxParams p; };
layout(binding = 0) readonly buffer Source { float source[]; };
layout(binding = 1) writeonly buffer Maxima { float maxima[]; };

void main() {
  const int lane = int(gl_LocalInvocationID.x);
  float best = uintBitsToFloat(0xff800000u); // -infinity
  for (int i = lane; i < p.count; i += 64) {
    const float v = source[p.source + i];
    best = v > best ? v : best;
  }
  best = reduce_max(best);
  if (lane == 0)
    maxima[p.maximum] = best;
}
