// Concatenation, transposition and what else orders elements anew, forward and backward.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "strided_copy.glsl"

layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) buffer Outputs { float outputs[]; };
layout(binding = 2) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  int from, to;
  if (!copy_indices(from, to))
    return;
  const int plane = to / p.pixels;
  outputs[to] = gradient_epilogue(inputs[from], uint(to), plane / p.channels, p.channels, plane % p.channels, p.pixels,
                                  to % p.pixels);
}
