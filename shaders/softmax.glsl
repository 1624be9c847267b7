// Softmax over each slice, or its logarithm.
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool LOGARITHM = false;
layout(constant_id = 1) const int NEIGHBOURS = 1;
layout(push_constant) uniform Push { SliceParams p; };
#include "slices.glsl"
layout(binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(binding = 1) writeonly buffer Outputs { REAL outputs[]; };

void main() {
  const bool mine = slice_of_lane() < slices();
  const int start = slice_start(min(slice_of_lane(), slices() - 1));
  REAL top = inputs[start];
  EACH(at, start)
    top = max(top, inputs[at]);
  top = reduce_max(top);
  REAL sum = REAL(0.0);
  EACH(at, start)
    sum += exponential(inputs[at] - top);
  sum = reduce_sum(sum);
  const REAL log_sum = LOGARITHM ? logarithm(sum) : REAL(0.0);
  if (mine)
    EACH(at, start)
      outputs[at] = LOGARITHM ? inputs[at] - top - log_sum : exponential(inputs[at] - top) / sum;
}
