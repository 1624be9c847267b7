// image = sigmoid(gain * C x), pixel by pixel: of three planes at once where colours are decorrelated, else of one.
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
  const int item = int(gl_WorkGroupID.y); // an image, or a plane of one
  const int first_plane = DECORRELATED ? item * p.planes : item / p.count * p.planes + p.first + item % p.count;
  const int plane = p.place.plane_stride;
  const int from = first_plane * plane + p.place.first + i / p.width * p.place.row_stride + i % p.width;
  if (!DECORRELATED) {
    image[first_plane * pixels + i] = 1.0 / (1.0 + exp(-p.gain * x[from]));
    return;
  }
  const vec3 y = vec3(x[from], x[from + plane], x[from + 2 * plane]);
  const vec3 rgb = p.gain * fma(COLOUR[0], vec3(y.x), fma(COLOUR[1], vec3(y.y), COLOUR[2] * y.z));
  for (int c = 0; c < 3; ++c)
    image[(first_plane + c) * pixels + i] = 1.0 / (1.0 + exp(-rgb[c]));
}
