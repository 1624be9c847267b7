// How much each pixel of an image has mattered so far: the sum over steps and planes of its gradient's absolute value.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { OpacityParams p; };
layout(binding = 0) readonly buffer Gradient { float gradient[]; }; // (N, planes, H, W)
layout(binding = 1) buffer Saliency { float saliency[]; };          // (N, H, W)

void main() {
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  if (i >= p.pixels)
    return;
  float sum = saliency[n * p.pixels + i];
  for (int c = 0; c < p.planes; ++c)
    sum += abs(gradient[(n * p.planes + c) * p.pixels + i]);
  saliency[n * p.pixels + i] = sum;
}
