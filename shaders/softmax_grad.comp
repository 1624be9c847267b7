// dx = y * (dy - sum of dy * y) over each slice; of its logarithm dx = dy - e^y * sum of dy.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int NEIGHBOURS = 1;
layout(constant_id = 2) const bool LOGARITHM = false;
layout(push_constant) uniform Push { SliceParams p; };
#include "slices.glsl"
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Values { float values[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#include "slice_gradient.glsl"

void main() {
  const bool mine = slice_of_lane() < slices();
  const int start = slice_start(min(slice_of_lane(), slices() - 1));
  float sum = 0.0;
  EACH(at, start)
    sum += LOGARITHM ? inputs[at] : inputs[at] * values[at];
  sum = reduce_sum(sum);
  if (mine)
    EACH(at, start)
      store_gradient(at, LOGARITHM ? inputs[at] - exponential(values[at]) * sum : values[at] * (inputs[at] - sum));
}
