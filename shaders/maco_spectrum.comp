// A spectrum of given magnitudes from phases. As in spectrum_scale.comp, the columns that are their own conjugates lose
// what a real image has no use for.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "turns.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { SpectrumParams p; };
layout(binding = 0) readonly buffer Phases { float phases[]; }; // standardized
layout(binding = 1) readonly buffer Magnitudes { float magnitudes[]; }; // (planes, height, columns)
layout(binding = 2) writeonly buffer Spectrum { vec2 spectrum[]; };

vec2 number(int plane, int first, int i) {
  return magnitudes[plane + i] * turned(phases[first + i] * TURNS_A_RADIAN);
}

void main() {
  const int i = item_of_image();
  const int size = p.height * p.columns;
  if (i >= size)
    return;
  const int k = i % p.columns;
  const int plane = int(gl_WorkGroupID.y) % p.planes * size, first = int(gl_WorkGroupID.y) * size;
  vec2 value = number(plane, first, i);
  if (k == 0 || 2 * k == p.width) {
    const int j = i / p.columns;
    const vec2 other = number(plane, first, (j == 0 ? 0 : p.height - j) * p.columns + k);
    value = 0.5 * (value + vec2(other.x, -other.y));
  }
  spectrum[first + i] = value;
}
