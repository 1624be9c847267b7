// A copy between two tensors that both are walked in strides: whatever orders, cuts and joins them. One thread does
// one element, or so many of the last axis as lie side by side.
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CopyParams p; };

// The last `axes` axes have a length other than 1: a CPU driver divides lane by lane.
bool copy_indices(int axes, int side_by_side, out int from, out int to) {
  int rest = linear_item();
  from = p.from_first;
  to = p.to_first;
  [[unroll]] for (int axis = COPY_AXES - 1; axis >= 0; --axis)
    if (axis >= COPY_AXES - axes) {
      const bool last = axis == COPY_AXES - 1;
      const int size = last ? p.sizes[axis] / side_by_side : p.sizes[axis];
      const bool outermost = axis == COPY_AXES - axes;
      const int i = (outermost ? rest : rest % size) * (last ? side_by_side : 1);
      rest = outermost ? (rest < size ? 0 : 1) : rest / size;
      from += i * p.from_strides[axis];
      to += i * p.to_strides[axis];
    }
  return rest == 0;
}
