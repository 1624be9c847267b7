// An image over what is behind it: its planes where its last one, the opacity, is 1.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CompositeParams p; };
layout(binding = 0) readonly buffer Image { float image[]; };       // (N, planes + 1, H, W)
layout(binding = 1) readonly buffer Backdrop { float backdrop[]; }; // (N, planes, H, W)
layout(binding = 2) writeonly buffer Seen { float seen[]; };

void main() {
  const int pixels = p.height * p.width;
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  if (i >= pixels)
    return;
  const int from = n * (p.planes + 1) * pixels + i;
  const float opacity = image[from + p.planes * pixels];
  for (int c = 0; c < p.planes; ++c) {
    const int at = (n * p.planes + c) * pixels + i;
    seen[at] = backdrop[at] + opacity * (image[from + c * pixels] - backdrop[at]);
  }
}
