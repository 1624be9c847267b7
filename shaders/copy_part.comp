// The first numbers of each image, from one tensor to another whose images are of another length.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { PartParams p; };
layout(binding = 0) readonly buffer From { float from[]; };
layout(binding = 1) buffer To { float to[]; };

void main() {
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  if (i < p.size)
    to[n * p.to_stride + i] = from[n * p.from_stride + i];
}
