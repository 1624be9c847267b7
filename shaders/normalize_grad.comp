// dx = (dy - mean of dy - y * mean of dy * y) / deviation, over each slice.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int NEIGHBOURS = 1;
layout(push_constant) uniform Push { SliceParams p; };
#include "slices.glsl"
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Values { float values[]; };
layout(binding = 2) readonly buffer Scale { float scale[]; };
layout(binding = 3) buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Mask { uint mask[]; };
#include "slice_gradient.glsl"

void main() {
  const bool mine = slice_of_lane() < slices();
  const int slice = min(slice_of_lane(), slices() - 1);
  const int start = slice_start(slice);
  float sum = 0.0;
  float lost = 0.0;
  float products = 0.0;
  float lost_of_products = 0.0;
  EACH(at, start) {
    add(sum, lost, inputs[at]);
    add(products, lost_of_products, inputs[at] * values[at]);
  }
  const float mean = reduce_sum(sum) / slice_elements();
  const float along = reduce_sum(products) / slice_elements();
  if (mine)
    EACH(at, start)
      store_gradient(at, (inputs[at] - mean - values[at] * along) * scale[slice]);
}
