// dy times the derivative by one operand, in the result's shape. One thread does 32 channels of one pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const uint ARITHMETIC = 0u;
layout(constant_id = 2) const int SIDE = 0; // the operand
#include "arithmetic.glsl"
layout(push_constant) uniform Push { BinaryParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer A { float a[]; };
layout(binding = 2) readonly buffer B { float b[]; };
layout(binding = 3) readonly buffer Choice { float choice[]; }; // of a maximum or minimum
layout(binding = 4) buffer Outputs { float outputs[]; };
layout(binding = 5) readonly buffer Mask { uint mask[]; };

const bool CHOOSES = ARITHMETIC == ARITHMETIC_MAXIMUM || ARITHMETIC == ARITHMETIC_MINIMUM;

void main() {
  const int pixels = p.rows * p.columns;
  const int blocks = (p.channels + 31) / 32;
  const int word = linear_item();
  if (word >= p.batch * blocks * pixels)
    return;
  const int pixel = word % pixels;
  const int x = pixel % p.columns;
  const int y = pixel / p.columns;
  const int n = word / pixels / blocks;
  const int first = word / pixels % blocks * 32;
  const uint open = (EPILOGUE & EPILOGUE_MASK_READ) != 0u ? mask[word] : ~0u;
  int at_a = n * p.a.image + first * p.a.channel + y * p.a.row + x * p.a.column;
  int at_b = n * p.b.image + first * p.b.channel + y * p.b.row + x * p.b.column;
  for (int c = first; c < min(first + 32, p.channels); ++c, at_a += p.a.channel, at_b += p.b.channel) {
    const int index = (n * p.channels + c) * pixels + pixel;
    float v = inputs[index];
    if (CHOOSES)
      v *= SIDE == 0 ? choice[index] : 1.0 - choice[index];
    else
      v *= arithmetic_slope(SIDE, a[at_a], b[at_b]);
    if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
      v += outputs[index];
    outputs[index] = (open >> (c & 31) & 1u) != 0u ? v : 0.0;
  }
}
