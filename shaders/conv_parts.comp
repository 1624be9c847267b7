// Adds up the parts of a convolution's sums that conv_shared.comp has left, and finishes: a thread an output.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int PARTS = 2;
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Parts { float parts[]; };
layout(binding = 1) readonly buffer Bias { float bias[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Residual { float residual[]; };
layout(binding = 4) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"
#include "conv_parts.glsl"
#include "linear.glsl"

void main() {
  const int index = int(linear_item());
  const int plane = p.out_h * p.out_w;
  const int channels = p.groups * p.out_c;
  if (index >= p.batch * channels * plane)
    return;
  const int n = index / plane / channels;
  const int channel = index / plane % channels;
  const int oy = index % plane / p.out_w;
  const int ox = index % p.out_w;
  const int g = channel / p.out_c;
  float sum = 0.0;
  for (int part = 0; part < PARTS; ++part)
    sum += parts[conv_part(part, n, g, channel % p.out_c, oy, ox)];
  store_conv(sum, n, g, channel % p.out_c, oy, ox);
}
