// Softmax over channels; one workgroup does one pixel of one image.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { MapParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) writeonly buffer Outputs { float outputs[]; };
#include "reduce.glsl"

void main() {
  const int pixel = int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x);
  if (pixel >= p.pixels)
    return;
  const int base = int(gl_WorkGroupID.y) * p.channels * p.pixels + pixel;
  const int lane = int(gl_LocalInvocationID.x);
  float top = inputs[base];
  for (int c = lane; c < p.channels; c += 64)
    top = max(top, inputs[base + c * p.pixels]);
  top = reduce_max(top);
  float sum = 0.0;
  for (int c = lane; c < p.channels; c += 64)
    sum += exp(inputs[base + c * p.pixels] - top);
  sum = reduce_sum(sum);
  for (int c = lane; c < p.channels; c += 64)
    outputs[base + c * p.pixels] = exp(inputs[base + c * p.pixels] - top) / sum;
}
