// The parameters of the images that a step is of, from the gallery's.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { GalleryParams p; };
layout(binding = 0) readonly buffer Slots { GallerySlot slots[]; };
layout(binding = 1) readonly buffer Shares { float shares[]; }; // (cell, group)
layout(binding = 2) readonly buffer Members { float members[]; };
layout(binding = 3) writeonly buffer Parameters { float parameters[]; };

void main() {
  const int slot = int(gl_WorkGroupID.y), i = item_of_image();
  if (i >= p.count)
    return;
  const int cell = slots[slot].cell;
  float sum = 0.0;
  for (int j = 0; j < p.groups; ++j)
    sum = fma(shares[cell * p.groups + j], members[(p.cells + j) * p.count + i], sum);
  parameters[slot * p.count + i] = fma(p.own_weight, members[cell * p.count + i], p.common_weight * sum);
}
