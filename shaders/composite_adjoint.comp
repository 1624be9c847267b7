// The gradient with respect to what is seen becomes that of the image's planes and of its opacity, and goes on through
// sigmoids and colours to what the image was made from.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "colour.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool DECORRELATED = true;
layout(push_constant) uniform Push { CompositeParams p; };
layout(binding = 0) readonly buffer Gradient { float gradient[]; }; // (N, planes, H, W)
layout(binding = 1) readonly buffer Image { float image[]; };       // (N, planes + 1, H, W)
layout(binding = 2) readonly buffer Backdrop { float backdrop[]; };
layout(binding = 3) readonly buffer Factors { vec2 factors[]; }; // opacity.comp's
layout(binding = 4) writeonly buffer Outputs { float outputs[]; };

void main() {
  const int pixels = p.height * p.width;
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  if (i >= pixels)
    return;
  const int from = n * (p.planes + 1) * pixels + i;
  const int to = n * (p.planes + 1) * p.place.plane_stride + p.place.first + i / p.width * p.place.row_stride + i % p.width;
  const float opacity = image[from + p.planes * pixels];
  float of_opacity = factors[n].y;
  vec3 rgb;
  for (int c = 0; c < p.planes; ++c) {
    const int at = (n * p.planes + c) * pixels + i;
    const float v = image[from + c * pixels], g = factors[n].x * gradient[at];
    of_opacity += g * (v - backdrop[at]);
    const float of_plane = g * opacity * v * (1.0 - v);
    if (DECORRELATED)
      rgb[c] = of_plane;
    else
      outputs[to + c * p.place.plane_stride] = p.gain * of_plane;
  }
  if (DECORRELATED) {
    rgb = p.gain * (rgb * COLOUR); // the transposed matrix times it
    for (int c = 0; c < 3; ++c)
      outputs[to + c * p.place.plane_stride] = rgb[c];
  }
  outputs[to + p.planes * p.place.plane_stride] = p.opacity_gain * of_opacity * opacity * (1.0 - opacity);
}
