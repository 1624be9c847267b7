// out[n][o] = bias[o] + sum over i of w[o][i] * in[n][i], then ReLU with its mask.
// One workgroup does one row of the weights for one image; rows are bound in parts where the device's
// storage range is smaller than the weights.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { DenseParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; };
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) writeonly buffer Outputs { float outputs[]; };
layout(binding = 4) buffer Mask { uint mask[]; };
#include "reduce.glsl"

void main() {
  const int row = int(gl_WorkGroupID.x);
  const int n = int(gl_WorkGroupID.y);
  float sum = 0.0;
  for (int i = int(gl_LocalInvocationID.x); i < p.in_features; i += 64)
    sum += weights[row * p.in_features + i] * inputs[n * p.in_features + i];
  sum = reduce_sum(sum);
  if (gl_LocalInvocationID.x != 0u)
    return;
  const int o = p.first_row + row;
  if ((EPILOGUE & EPILOGUE_BIAS) != 0u)
    sum += bias[o];
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u && sum > p.low && sum < p.high)
    atomicOr(mask[n * ((p.out_features + 31) / 32) + o / 32], 1u << (o & 31));
  if ((EPILOGUE & EPILOGUE_RELU) != 0u)
    sum = clamp(sum, p.low, p.high);
  outputs[n * p.out_features + o] = sum;
}
