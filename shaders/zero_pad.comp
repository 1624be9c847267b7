// Zero padding; with negative pads a crop, which is the gradient of padding. One thread does one element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { PadParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) buffer Outputs { float outputs[]; };
layout(binding = 2) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int pixels = p.out_h * p.out_w;
  const int thread = linear_item();
  if (thread >= p.batch * p.channels * pixels)
    return;
  const int x = thread % p.out_w - p.left;
  const int y = thread / p.out_w % p.out_h - p.top;
  float v = 0.0;
  if (y >= 0 && y < p.in_h && x >= 0 && x < p.in_w)
    v = inputs[(thread / pixels * p.in_h + y) * p.in_w + x];
  const int c = thread / pixels % p.channels;
  const int n = thread / pixels / p.channels;
  outputs[thread] = gradient_epilogue(v, uint(thread), n, p.channels, c, pixels, thread % pixels);
}
