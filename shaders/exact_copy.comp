// strided_copy.comp in double.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "strided_copy.glsl"

layout(binding = 0) readonly buffer Inputs { double inputs[]; };
layout(binding = 1) writeonly buffer Outputs { double outputs[]; };

void main() {
  int from, to;
  if (copy_indices(COPY_AXES, 1, from, to))
    outputs[to] = inputs[from];
}
