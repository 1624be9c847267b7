// dx = dy * f'(x). One thread does 32 channels of one pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const uint FUNCTION = 0u;
layout(constant_id = 2) const bool HAS_SLOPES = false; // a is slopes[c]
layout(constant_id = 3) const bool DERIVED = false;    // `values` are f'(x)
#include "functions.glsl"
layout(push_constant) uniform Push { UnaryParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Values { float values[]; };
layout(binding = 2) readonly buffer Slopes { float slopes[]; };
layout(binding = 3) buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Mask { uint mask[]; };

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int word = linear_item();
  if (word >= p.batch * blocks * p.pixels)
    return;
  const int pixel = word % p.pixels;
  const int n = word / p.pixels / blocks;
  const int first = word / p.pixels % blocks * 32;
  const uint open = (EPILOGUE & EPILOGUE_MASK_READ) != 0u ? mask[word] : ~0u;
  for (int c = first; c < min(first + 32, p.channels); ++c) {
    const uint index = uint((n * p.channels + c) * p.pixels + pixel);
    const float a = HAS_SLOPES ? slopes[c] : p.a;
    float v = inputs[index] * (DERIVED ? values[index] : function_slope(values[index], a, p.b));
    if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
      v += outputs[index];
    outputs[index] = (open >> (c & 31) & 1u) != 0u ? v : 0.0;
  }
}
