// gather.comp in double.
#version 450
#extension GL_GOOGLE_include_directive : require
#define NUMBER double
#define INPUT(at) inputs[at]
layout(binding = 0) readonly buffer Inputs { double inputs[]; };
#include "gather.glsl"

layout(binding = 3) writeonly buffer Outputs { double outputs[]; };

void main() {
  const int item = linear_item();
  if (item < p.batch * p.out_c * p.out_h * p.out_w)
    outputs[item] = gathered(item);
}
