// dx = y * (dy - sum over channels of dy * y); one workgroup does one pixel of one image.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { MapParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Values { float values[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#include "reduce.glsl"
#include "epilogue.glsl"

void main() {
  const int pixel = int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x);
  if (pixel >= p.pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int base = n * p.channels * p.pixels + pixel;
  const int lane = int(gl_LocalInvocationID.x);
  float dot = 0.0;
  for (int c = lane; c < p.channels; c += 64)
    dot += inputs[base + c * p.pixels] * values[base + c * p.pixels];
  dot = reduce_sum(dot);
  for (int c = lane; c < p.channels; c += 64) {
    const int index = base + c * p.pixels;
    const float v = values[index] * (inputs[index] - dot);
    outputs[index] = gradient_epilogue(v, uint(index), n, p.channels, c, p.pixels, pixel);
  }
}
