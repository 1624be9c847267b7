// Of each position the sums over channels that a layer's output and what it is compared with make: PairParams.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint PAIR = PAIR_TENSOR;
layout(push_constant) uniform Push { PairParams p; };
layout(binding = 0) readonly buffer Own { float own[]; };
layout(binding = 1) readonly buffer Other { float other[]; };
layout(binding = 2) writeonly buffer Pairs { vec2 pairs[]; };

void main() {
  const int i = item_of_image();
  const int pixels = p.rows * p.columns;
  if (i >= pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  vec2 sum = vec2(0.0);
  for (int c = 0; c < p.channels; ++c) {
    const int at = (n * p.channels + c) * pixels + i;
    const float a = own[at], o = PAIR == PAIR_VECTOR ? other[n * p.channels + c] : other[at];
    if (PAIR == PAIR_DIFFERENCE)
      sum.x += (a - o) * (a - o);
    else
      sum += vec2(a * o, a * a);
  }
  pairs[n * pixels + i] = sum;
}
