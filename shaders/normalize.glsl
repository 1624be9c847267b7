// Each slice minus its mean, over its deviation. The mean is known to twice REAL's digits: what its rounding leaves is
// taken off too.
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool KEEPS_SCALE = false; // 1 over the deviation, of each slice
layout(constant_id = 1) const int NEIGHBOURS = 1;
layout(push_constant) uniform Push { SliceParams p; };
#include "slices.glsl"
layout(binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(binding = 1) writeonly buffer Outputs { REAL outputs[]; };
layout(binding = 2) writeonly buffer Scale { float scale[]; };

void main() {
  const bool mine = slice_of_lane() < slices();
  const int slice = min(slice_of_lane(), slices() - 1);
  const int start = slice_start(slice);
  REAL sum = REAL(0.0);
  REAL lost = REAL(0.0);
  EACH(at, start)
    add(sum, lost, inputs[at]);
  const REAL mean = reduce_sum(sum) / slice_elements();

  sum = lost = REAL(0.0);
  REAL squares = REAL(0.0);
  REAL lost_of_squares = REAL(0.0);
  EACH(at, start) {
    const REAL d = inputs[at] - mean;
    add(sum, lost, d);
    add(squares, lost_of_squares, d * d);
  }
  const REAL rest = reduce_sum(sum) / slice_elements();
  const REAL variance = max(reduce_sum(squares) / slice_elements() - rest * rest, REAL(0.0));
  const REAL factor = REAL(1.0) / sqrt(variance + (REAL(p.epsilon) + REAL(p.epsilon_rest)));
  if (!mine)
    return;
  EACH(at, start) {
    precise const REAL d = inputs[at] - mean;
    outputs[at] = (d - rest) * factor;
  }
  if (KEEPS_SCALE && int(gl_LocalInvocationID.x) < NEIGHBOURS)
    scale[slice] = float(factor);
}
