// rgb = sigmoid(gain * C x), pixel by pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "colour.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool DECORRELATED = true;
layout(push_constant) uniform Push { ColourParams p; };
layout(binding = 0) readonly buffer Inputs { float x[]; };
layout(binding = 1) writeonly buffer Image { float image[]; };

void main() {
  const int pixels = p.height * p.width;
  const int i = item_of_image();
  if (i >= pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int plane = p.height * p.row_stride;
  const int from = n * 3 * plane + i / p.width * p.row_stride + i % p.width;
  const vec3 y = vec3(x[from], x[from + plane], x[from + 2 * plane]);
  const mat3 colours = colours_of(DECORRELATED);
  const vec3 rgb = p.gain * fma(colours[0], vec3(y.x), fma(colours[1], vec3(y.y), colours[2] * y.z));
  for (int c = 0; c < 3; ++c)
    image[(n * 3 + c) * pixels + i] = 1.0 / (1.0 + exp(-rgb[c]));
}
