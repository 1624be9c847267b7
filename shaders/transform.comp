// The image, transformed and preprocessed: canvas pixel by canvas pixel, sampled bilinearly where the map says.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "transform.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { TransformParams p; };
layout(binding = 0) readonly buffer Image { float image[]; };
layout(binding = 1) readonly buffer Maps { AffineMap maps[]; };
layout(binding = 2) writeonly buffer Canvas { float canvas[]; };

vec3 pixel(int n, int x, int y) {
  if (MODE == TRANSFORM_REFLECT) {
    x = mirrored(x, p.source_w);
    y = mirrored(y, p.source_h);
  }
  if (uint(x) >= uint(p.source_w) || uint(y) >= uint(p.source_h))
    return vec3(0.5);
  const int plane = p.source_h * p.source_w;
  const int at = n * p.plane.planes * plane + y * p.source_w + x;
  return vec3(image[at + p.plane.source[0] * plane], image[at + p.plane.source[1] * plane],
              image[at + p.plane.source[2] * plane]);
}

vec3 sampled(int view, int ox, int oy) {
  const int n = view / p.views;
  const vec2 at = source_position(maps[view], ox, oy);
  const vec2 low = floor(at);
  const vec2 f = at - low;
  const int x = int(low.x), y = int(low.y);
  return (1.0 - f.y) * ((1.0 - f.x) * pixel(n, x, y) + f.x * pixel(n, x + 1, y)) +
         f.y * ((1.0 - f.x) * pixel(n, x, y + 1) + f.x * pixel(n, x + 1, y + 1));
}

void main() {
  const int pixels = p.canvas_h * p.canvas_w;
  const int i = item_of_image();
  if (i >= pixels)
    return;
  const int n = int(gl_WorkGroupID.y); // canvas
  const int ox = i % p.canvas_w, oy = i / p.canvas_w;
  const vec3 values = MODE == TRANSFORM_NONE ? pixel(n / p.views, ox, oy) : sampled(n, ox, oy);
  for (int c = 0; c < PLANES; ++c)
    canvas[(n * p.plane.planes + p.plane.first + c) * pixels + i] =
        fma(values[c], p.plane.scale[c], p.plane.shift[c]);
}
