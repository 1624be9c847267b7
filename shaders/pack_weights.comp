// Weights as a back end reads them, from a table of their places: PackParams.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { PackParams p; };
layout(binding = 0) readonly buffer Weights { float weights[]; };
layout(binding = 1) readonly buffer Places { uint places[]; }; // plus 1; 0: no weight
layout(binding = 2) writeonly buffer Packed { float packed[]; };

void main() {
  const int i = linear_item();
  if (i >= p.groups * p.packed)
    return;
  const uint place = places[i % p.packed];
  packed[i] = place == 0u ? 0.0 : weights[uint(i / p.packed * p.weights) + place - 1u];
}
