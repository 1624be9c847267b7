// A copy between two tensors that both are walked in strides: whatever orders, cuts and joins them. An item is one
// element, or SIDE_BY_SIDE of the last axis. The including shader declares that and AXES: the last ones, that have a length.
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CopyParams p; };

// Not a loop, whose axis would index the sizes lane by lane in a CPU driver, as it divides: an axis without a length costs
// nothing.
#define WALK(axis)                                                                                                     \
  if (COPY_AXES - axis <= AXES) {                                                                                      \
    int each = axis == COPY_AXES - 1 ? SIDE_BY_SIDE : 1;                                                               \
    int i = COPY_AXES - axis == AXES ? rest : rest % (p.sizes[axis] / each);                                           \
    rest = COPY_AXES - axis == AXES ? int(rest >= p.sizes[axis] / each) : rest / (p.sizes[axis] / each);               \
    from += i * each * p.from_strides[axis];                                                                           \
    to += i * each * p.to_strides[axis];                                                                               \
  }

bool copy_indices(int item, out int from, out int to) {
  int rest = item;
  from = p.from_first;
  to = p.to_first;
  WALK(5)
  WALK(4)
  WALK(3)
  WALK(2)
  WALK(1)
  WALK(0)
  return rest == 0;
}
