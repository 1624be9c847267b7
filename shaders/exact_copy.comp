// strided_copy.comp in double.
#version 450
#extension GL_GOOGLE_include_directive : require
#define AXES COPY_AXES
#define SIDE_BY_SIDE 1
#include "strided_copy.glsl"

layout(binding = 0) readonly buffer Inputs { double inputs[]; };
layout(binding = 1) writeonly buffer Outputs { double outputs[]; };

void main() {
  int from, to;
  if (copy_indices(linear_item(), from, to))
    outputs[to] = inputs[from];
}
