// The gradient with respect to standardized phases, from the transform of that with respect to the planes.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "turns.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { SpectrumParams p; };
layout(binding = 0) readonly buffer Phases { float phases[]; };
layout(binding = 1) readonly buffer Magnitudes { float magnitudes[]; };
layout(binding = 2) readonly buffer Spectrum { vec2 spectrum[]; };
layout(binding = 3) writeonly buffer Gradient { float gradient[]; };

void main() {
  const int i = item_of_image();
  const int size = p.height * p.columns;
  if (i >= size)
    return;
  const int k = i % p.columns, plane = int(gl_WorkGroupID.y) % p.planes * size;
  const int at = int(gl_WorkGroupID.y) * size + i;
  const vec2 direction = turned(phases[at] * TURNS_A_RADIAN);
  const vec2 g = spectrum[at];
  const float twice = k == 0 || 2 * k == p.width ? 1.0 : 2.0; // it stands for its conjugate, too
  gradient[at] = twice * magnitudes[plane + i] * (direction.x * g.y - direction.y * g.x);
}
