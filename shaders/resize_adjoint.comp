// The gradient of resize.comp: each input pixel gathers from the output pixels that read it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "resize.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const int PLANES = 3;
layout(push_constant) uniform Push { ResizeParams p; };
layout(binding = 0) readonly buffer Gradient { float gradient[]; }; // of the outputs
layout(binding = 1) writeonly buffer Outputs { float outputs[]; };

void main() {
  const int pixels = p.in_h * p.in_w;
  const int i = item_of_image();
  if (i >= pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int x = i % p.in_w, y = i / p.in_w;
  const ivec2 columns = readers(x, p.in_w, p.out_w, p.step_w), rows = readers(y, p.in_h, p.out_h, p.step_h);
  const int plane = p.out_h * p.out_w;
  vec3 sum = vec3(0.0);
  for (int oy = rows.x; oy <= rows.y; ++oy) {
    const float weight_y = resize_weight(resize_tap(oy, p.step_h), y, p.in_h);
    for (int ox = columns.x; ox <= columns.y && weight_y != 0.0; ++ox) {
      const float weight = weight_y * resize_weight(resize_tap(ox, p.step_w), x, p.in_w);
      if (weight != 0.0)
        for (int c = 0; c < PLANES; ++c)
          sum[c] += weight * gradient[(n * p.plane.planes + p.plane.source[c]) * plane + oy * p.out_w + ox] *
                    p.plane.scale[c];
    }
  }
  for (int c = 0; c < PLANES; ++c)
    outputs[(n * p.plane.planes + p.plane.first + c) * pixels + i] = sum[c];
}
