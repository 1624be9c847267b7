// Slice, padding and resize, forward and backward.
#version 450
#extension GL_GOOGLE_include_directive : require
#define NUMBER float
#include "gather.glsl"

layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(binding = 3) buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int pixels = p.out_h * p.out_w;
  const int item = linear_item();
  if (item >= p.batch * p.out_c * pixels)
    return;
  const int plane = item / pixels;
  outputs[item] = gradient_epilogue(gathered(item), uint(item), plane / p.out_c, p.out_c, plane % p.out_c, pixels,
                                    item % pixels);
}
