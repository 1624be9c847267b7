// dx[n][i] = sum over o of w[o][i] * dy[n][o], over the rows that are bound. One thread does one input feature.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { DenseParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#include "epilogue.glsl"

void main() {
  const int i = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationID.x);
  const int n = int(gl_WorkGroupID.y);
  if (i >= p.in_features)
    return;
  float sum = 0.0;
  for (int row = 0; row < p.rows; ++row)
    sum += weights[row * p.in_features + i] * inputs[n * p.out_features + p.first_row + row];
  const uint index = uint(n * p.in_features + i);
  outputs[index] =
      gradient_epilogue(sum, index, n, p.mask_channels, i / p.mask_pixels, p.mask_pixels, i % p.mask_pixels);
}
