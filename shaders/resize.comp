// Resized bilinearly, then preprocessed: a thread makes one pixel of up to three planes.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "resize.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const int PLANES = 3;
layout(push_constant) uniform Push { ResizeParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) writeonly buffer Outputs { float outputs[]; };

vec3 pixel(int n, int x, int y) {
  const int plane = p.in_h * p.in_w;
  const int at = n * p.plane.planes * plane + clamp(y, 0, p.in_h - 1) * p.in_w + clamp(x, 0, p.in_w - 1);
  return vec3(inputs[at + p.plane.source[0] * plane], inputs[at + p.plane.source[1] * plane],
              inputs[at + p.plane.source[2] * plane]);
}

void main() {
  const int pixels = p.out_h * p.out_w;
  const int i = item_of_image();
  if (i >= pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const Tap x = resize_tap(i % p.out_w, p.step_w), y = resize_tap(i / p.out_w, p.step_h);
  const vec3 values = (1.0 - y.f) * ((1.0 - x.f) * pixel(n, x.low, y.low) + x.f * pixel(n, x.low + 1, y.low)) +
                   y.f * ((1.0 - x.f) * pixel(n, x.low, y.low + 1) + x.f * pixel(n, x.low + 1, y.low + 1));
  for (int c = 0; c < PLANES; ++c)
    outputs[(n * p.plane.planes + p.plane.first + c) * pixels + i] =
        fma(values[c], p.plane.scale[c], p.plane.shift[c]);
}
