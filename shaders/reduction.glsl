// A mean, maximum, norm, ... of each slice of a tensor; sums are also the gradients of what was repeated.
#include "params.h"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u; // of a gradient
layout(constant_id = 1) const int NEIGHBOURS = 1;
layout(constant_id = 2) const uint REDUCTION = 0u;
layout(constant_id = 3) const bool KEEPS_PLACE = false; // of a maximum or minimum: the first element that it is
layout(push_constant) uniform Push { SliceParams p; };
#include "slices.glsl"
layout(binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(binding = 1) buffer Outputs { REAL outputs[]; };
layout(binding = 2) writeonly buffer Place { int place[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#ifndef EXACT
#include "epilogue.glsl"
#endif

const bool SQUARES = REDUCTION == REDUCTION_L2 || REDUCTION == REDUCTION_SUM_SQUARE;
const bool EXTREME = REDUCTION == REDUCTION_MAX || REDUCTION == REDUCTION_MIN;
const REAL SIGN = REDUCTION == REDUCTION_MIN ? REAL(-1.0) : REAL(1.0); // a minimum is a maximum of the opposite
shared int reduce_places[64];

int reduce_place(int at) { // the smallest
  const int lane = int(gl_LocalInvocationID.x);
  reduce_places[lane] = at;
  barrier();
  for (int half_size = 32; half_size >= NEIGHBOURS; half_size >>= 1) {
    if (lane < half_size)
      reduce_places[lane] = min(reduce_places[lane], reduce_places[lane + half_size]);
    barrier();
  }
  return reduce_places[lane % NEIGHBOURS];
}

REAL summed(int start) {
  REAL sum = REAL(0.0);
  REAL lost = REAL(0.0);
  EACH(at, start) {
    const REAL x = inputs[at];
    add(sum, lost, SQUARES ? x * x : REDUCTION == REDUCTION_L1 ? abs(x) : x);
  }
  sum = reduce_sum(sum);
  return REDUCTION == REDUCTION_MEAN ? sum / slice_elements() : REDUCTION == REDUCTION_L2 ? sqrt(sum) : sum;
}

REAL extreme(int start, out int found) {
  REAL best = SIGN * inputs[start];
  found = start;
  EACH(at, start) {
    const REAL x = SIGN * inputs[at];
    if (x > best) {
      best = x;
      found = at;
    }
  }
  const REAL top = reduce_max(best);
  if (KEEPS_PLACE)
    found = reduce_place(best == top ? found : 0x7fffffff);
  return SIGN * top;
}

void main() {
  const int slice = min(slice_of_lane(), slices() - 1);
  const int start = slice_start(slice);
  int found = 0;
  REAL v;
  if (EXTREME)
    v = extreme(start, found);
  else
    v = summed(start);
  if (int(gl_LocalInvocationID.x) >= NEIGHBOURS || slice_of_lane() >= slices())
    return;
#ifndef EXACT
  const int pixels = p.slice_rows * p.slice_columns;
  const int plane = slice / pixels;
  v = gradient_epilogue(v, uint(slice), plane / p.slice_channels, p.slice_channels, plane % p.slice_channels, pixels,
                        slice % pixels);
#endif
  outputs[slice] = v;
  if (KEEPS_PLACE)
    place[slice] = found;
}
