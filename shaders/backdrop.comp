// What lies behind an image with an opacity: noise of all sizes, in natural colours, another in each step. Octave o is
// normal numbers on a lattice whose cells are 2^o pixels, between them bilinear; the sum goes through the sigmoid.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "philox.glsl"
#include "colour.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool DECORRELATED = true;
layout(push_constant) uniform Push { BackdropParams p; };
layout(binding = 0) readonly buffer Step { StepState state; };
layout(binding = 1) readonly buffer Images { ImageState images[]; };
layout(binding = 2) writeonly buffer Backdrop { float backdrop[]; };

vec4 at_lattice(uvec2 key, int x, int y, int octave, int first) {
  const uvec4 words = philox(uvec4(uint(x) | uint(y) << 16, PURPOSE_BACKDROP, uint(octave << 16 | first),
                                   uint(state.started - 1)), key);
  return vec4(normal_pair(words.x, words.y), normal_pair(words.z, words.w));
}

void main() {
  const int pixels = p.height * p.width;
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  if (i >= pixels)
    return;
  const uvec2 key = uvec2(images[n].key0, images[n].key1);
  for (int first = 0; first < p.planes; first += 4) {
    vec4 sum = vec4(0.0);
    for (int octave = 0; octave < BACKDROP_OCTAVES; ++octave) {
      const vec2 at = vec2(float(i % p.width), float(i / p.width)) / float(1 << octave);
      const ivec2 low = ivec2(at);
      const vec2 f = at - vec2(low);
      sum += (1.0 - f.y) * ((1.0 - f.x) * at_lattice(key, low.x, low.y, octave, first) +
                            f.x * at_lattice(key, low.x + 1, low.y, octave, first)) +
             f.y * ((1.0 - f.x) * at_lattice(key, low.x, low.y + 1, octave, first) +
                    f.x * at_lattice(key, low.x + 1, low.y + 1, octave, first));
    }
    if (DECORRELATED)
      sum.xyz = COLOUR * sum.xyz;
    for (int c = 0; c < 4; ++c)
      if (first + c < p.planes)
        backdrop[(n * p.planes + first + c) * pixels + i] = 1.0 / (1.0 + exp(-sum[c]));
  }
}
