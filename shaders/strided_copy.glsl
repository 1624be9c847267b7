// A copy between two tensors that both are walked in strides: whatever orders, cuts and joins them. One thread does
// one element.
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CopyParams p; };

bool copy_indices(out int from, out int to) {
  int rest = linear_item();
  from = p.from_first;
  to = p.to_first;
  for (int axis = COPY_AXES - 1; axis >= 0; --axis) {
    const int i = rest % p.sizes[axis];
    rest /= p.sizes[axis];
    from += i * p.from_strides[axis];
    to += i * p.to_strides[axis];
  }
  return rest == 0;
}
