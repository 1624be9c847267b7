// A tensor of floats in double.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { MapParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) writeonly buffer Outputs { double outputs[]; };

void main() {
  const int item = linear_item();
  if (item < p.batch * p.channels * p.pixels)
    outputs[item] = inputs[item];
}
