// The gradient of a term that compares: p o + q a.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const uint PAIR = PAIR_TENSOR;
layout(push_constant) uniform Push { PairParams p; };
layout(binding = 0) readonly buffer Own { float own[]; };
layout(binding = 1) readonly buffer Other { float other[]; };
layout(binding = 2) readonly buffer Factors { vec2 factors[]; };
layout(binding = 3) buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int i = item_of_image();
  const int pixels = p.rows * p.columns;
  if (i >= p.channels * pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int channel = i / pixels, pixel = i % pixels;
  const int index = n * p.channels * pixels + i;
  const float a = own[index], o = PAIR == PAIR_VECTOR ? other[n * p.channels + channel] : other[index];
  const vec2 f = factors[p.factor_step == 1 ? n * pixels + pixel : n];
  // Where it is a difference that counts, small ones are not lost among large numbers.
  const float g = PAIR == PAIR_DIFFERENCE ? f.x * (o - a) : f.x * o + f.y * a;
  outputs[index] = gradient_epilogue(g, uint(index), n, p.channels, channel, pixels, pixel);
}
