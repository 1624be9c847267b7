// Noise added to what the net gets: a normal and a uniform number for each element, anew in each step.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "philox.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { NoiseParams p; };
layout(binding = 0) buffer Planes { float planes[]; };
layout(binding = 1) readonly buffer Step { StepState state; };
layout(binding = 2) readonly buffer Images { ImageState images[]; };

void main() {
  const int i = item_of_image();
  if (i >= p.pixels)
    return;
  const int view = int(gl_WorkGroupID.y);
  const ImageState image = images[view / p.views];
  for (int c = 0; c < p.count; ++c) {
    const uint plane = uint(view % p.views * p.planes + p.first + c);
    const uvec4 words =
        philox(uvec4(uint(i), PURPOSE_NOISE, plane, uint(state.started - 1)), uvec2(image.key0, image.key1));
    planes[(view * p.planes + p.first + c) * p.pixels + i] +=
        p.deviation[c] * normal_pair(words.x, words.y).x + p.width[c] * (uniform_float(words.z) - 0.5);
  }
}
