// Normal numbers as the first parameters of each image; a thread makes the four of one Philox block.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "philox.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { InitParams p; };
layout(binding = 0) readonly buffer Images { ImageState images[]; };
layout(binding = 1) writeonly buffer Parameters { float parameters[]; };

void main() {
  const int block = item_of_image();
  const int n = int(gl_WorkGroupID.y);
  if (block * 4 >= p.size)
    return;
  const ImageState image = images[p.together != 0 ? 0 : n];
  const uvec4 words = philox(uvec4(p.first + block, PURPOSE_INIT, 0u, 0u), uvec2(image.key0, image.key1));
  const vec4 values = p.deviation * vec4(normal_pair(words.x, words.y), normal_pair(words.z, words.w));
  for (int i = 0; i < min(4, p.size - block * 4); ++i)
    parameters[n * p.count + p.first + block * 4 + i] = values[i];
}
