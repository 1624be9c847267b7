// One image's objective and gradient norm, from their parts: into the history, and what follows from them.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { FinishParams p; };
layout(binding = 0) readonly buffer Step { StepState state; };
layout(binding = 1) readonly buffer Values { float values[]; };
layout(binding = 2) readonly buffer Squares { float squares[]; };
layout(binding = 3) buffer Images { ImageState images[]; };
layout(binding = 4) writeonly buffer History { vec2 history[]; }; // (step, image): value, norm

// Told by its bits: compilers may take a NaN for impossible.
bool finite(float v) { return (floatBitsToUint(v) & 0x7F800000u) != 0x7F800000u; }

void main() {
  const int n = int(gl_WorkGroupID.x), lane = int(gl_LocalInvocationID.x);
  float value = 0.0, square = 0.0;
  for (int i = lane; i < p.value_parts; i += 64)
    value += values[n * p.value_parts + i];
  for (int i = lane; i < p.gradient_parts; i += 64)
    square += squares[n * p.gradient_parts + i];
  value = reduce_sum(value);
  square = reduce_sum(square);
  if (lane != 0)
    return;
  const int current = state.started - 1;
  const float norm = sqrt(square);
  history[current % p.history * p.batch + n] = vec2(value, norm);
  images[n].clip = p.clip_norm > 0.0 && norm > p.clip_norm ? p.clip_norm / norm : 1.0;
  if (images[n].stopped < 0 && !(finite(value) && finite(square)))
    images[n].stopped = current;
}
