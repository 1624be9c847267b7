// The gradient of a reduction: what each element adds to its slice's result. One thread does 32 channels of one pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const uint REDUCTION = 0u;
layout(push_constant) uniform Push { ReductionGradientParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };   // dy
layout(binding = 1) readonly buffer Elements { float elements[]; }; // x, of norms
layout(binding = 2) readonly buffer Results { float results[]; };   // y, of an l2
layout(binding = 3) readonly buffer Place { int place[]; };       // of a maximum or minimum
layout(binding = 4) buffer Outputs { float outputs[]; };
layout(binding = 5) readonly buffer Mask { uint mask[]; };

float slope(int index, int reduced) {
  switch (REDUCTION) {
  case REDUCTION_MAX:
  case REDUCTION_MIN:
    return place[reduced] == index ? 1.0 : 0.0;
  case REDUCTION_L1:
    return sign(elements[index]);
  case REDUCTION_L2:
    return results[reduced] > 0.0 ? elements[index] / results[reduced] : 0.0;
  case REDUCTION_SUM_SQUARE:
    return 2.0 * elements[index];
  default:
    return p.scale;
  }
}

void main() {
  const int pixels = p.rows * p.columns;
  const int blocks = (p.channels + 31) / 32;
  const int word = linear_item();
  if (word >= p.batch * blocks * pixels)
    return;
  const int pixel = word % pixels;
  const int n = word / pixels / blocks;
  const int first = word / pixels % blocks * 32;
  const uint open = (EPILOGUE & EPILOGUE_MASK_READ) != 0u ? mask[word] : ~0u;
  int reduced = n * p.reduced.image + first * p.reduced.channel + pixel / p.columns * p.reduced.row +
                pixel % p.columns * p.reduced.column;
  for (int c = first; c < min(first + 32, p.channels); ++c, reduced += p.reduced.channel) {
    const int index = (n * p.channels + c) * pixels + pixel;
    float v = inputs[reduced] * slope(index, reduced);
    if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
      v += outputs[index];
    outputs[index] = (open >> (c & 31) & 1u) != 0u ? v : 0.0;
  }
}
