// The gradient with respect to a layer's weights, from its parts.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CppnSumParams p; };
layout(binding = 0) readonly buffer Partials { float partials[]; };
layout(binding = 1) buffer Gradient { float gradient[]; };

void main() {
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  if (i >= p.size)
    return;
  float sum = 0.0;
  for (int part = 0; part < p.parts; ++part)
    sum += partials[(n * p.parts + part) * p.size + i];
  gradient[n * p.count + p.first + i] = sum;
}
