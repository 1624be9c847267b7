// Finishes the gradient with respect to the parameters, and adds up its squares, part by part.
// A column of a half spectrum stands for two of the whole one, unless it is its own conjugate.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool SPECTRUM = true; // else pixels, whose gradient is complete
layout(push_constant) uniform Push { GradientParams p; };
layout(binding = 0) buffer Gradient { float gradient[]; };
layout(binding = 1) readonly buffer Scale { float scale[]; };
layout(binding = 2) writeonly buffer Partials { float partials[]; }; // (image, part)

void main() {
  const int part = int(gl_WorkGroupID.x), n = int(gl_WorkGroupID.y);
  const int lane = int(gl_LocalInvocationID.x);
  const int plane = p.height * p.columns;
  const int begin = part * 64 + lane, step = p.parts * 64;
  // The number of the spectrum, in its plane and in its row: counted on, since a CPU driver divides lane by lane.
  const int numbers = step / 2, numbers_on = numbers % plane, columns_on = numbers % p.columns;
  int number = begin / 2 % plane, k = begin / 2 % p.columns;
  float sum = 0.0;
  for (int i = begin; i < p.count; i += step) {
    const int at = n * p.count + i;
    float g = gradient[at];
    if (SPECTRUM && i < p.spectral) {
      g *= scale[number] * (k == 0 || 2 * k == p.width ? 1.0 : 2.0);
      gradient[at] = g;
      number += numbers_on;
      number -= number < plane ? 0 : plane;
      k += columns_on;
      k -= k < p.columns ? 0 : p.columns;
    }
    sum += g * g;
  }
  sum = reduce_sum(sum);
  if (lane == 0)
    partials[n * p.parts + part] = sum;
}
