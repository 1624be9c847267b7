// The gradient of all terms that read one layer, with respect to its output.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { ObjectiveParams p; };
layout(binding = 0) readonly buffer Layer { float layer[]; };
layout(binding = 1) readonly buffer Terms { ObjectiveTerm terms[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int i = item_of_image();
  const int pixels = p.rows * p.columns;
  if (i >= p.channels * pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int channel = i / pixels, pixel = i % pixels;
  const uint index = uint(n * p.channels * pixels + i);
  float g = 0.0;
  for (int j = 0; j < p.count; ++j) {
    const ObjectiveTerm t = terms[n * p.count + j];
    if (t.kind == TERM_MEAN_SQUARE)
      g += t.weight * 2.0 * layer[index];
    else if (t.channel == channel && uint(pixel % p.columns - t.x) < uint(t.width) &&
             uint(pixel / p.columns - t.y) < uint(t.height))
      g += t.weight;
  }
  outputs[index] = gradient_epilogue(g, index, n, p.channels, channel, pixels, pixel);
}
