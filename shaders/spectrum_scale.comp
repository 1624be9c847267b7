// Parameters times the scale of their frequencies, ready for the inverse transform. A real image has no use for the
// antisymmetric parts of the columns that are their own conjugates (DC, and Nyquist where the width is even): they are
// taken out here, since a complex-to-real transform need not do so.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool PARTS = false; // spectra are parts of parameters
layout(push_constant) uniform Push { SpectrumParams p; };
layout(binding = 0) readonly buffer Parameters { vec2 parameters[]; };
layout(binding = 1) readonly buffer Scale { float scale[]; }; // (height, columns), with the transform's 1/(HW)
layout(binding = 2) writeonly buffer Spectrum { vec2 spectrum[]; };

void main() {
  const int i = item_of_image();
  const int plane = p.height * p.columns;
  if (i >= plane)
    return;
  const int k = i % p.columns;
  const int y = int(gl_WorkGroupID.y), to = y * plane;
  const int from = PARTS ? y / p.planes * (p.stride / 2) + y % p.planes * plane : to;
  vec2 value = parameters[from + i];
  if (k == 0 || 2 * k == p.width) {
    const int j = i / p.columns;
    const int mirror = (j == 0 ? 0 : p.height - j) * p.columns + k;
    const vec2 other = parameters[from + mirror];
    value = 0.5 * (value + vec2(other.x, -other.y));
  }
  spectrum[to + i] = value * scale[i];
}
