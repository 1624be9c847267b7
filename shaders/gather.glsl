// Sums of taps along the three axes, for gather.comp and exact_gather.comp: a slice, a padding and a resize are such
// sums, and so are their gradients. One thread does one output element. The including shader defines
// NUMBER and INPUT(at).
#include "params.h"
#include "linear.glsl"

struct Tap {
  int index;
  NUMBER weight;
};

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { GatherParams p; };
// Position o of an axis has the taps starts[o] .. starts[o + 1] - 1; first all of c, then of h, then of w.
layout(binding = 1) readonly buffer Starts { int starts[]; };
layout(binding = 2) readonly buffer Taps { Tap taps[]; };

NUMBER gathered(int item) {
  const int row = item / p.out_w;
  const int plane = row / p.out_h;
  const int c = plane % p.out_c;
  const int first = plane / p.out_c * p.in_c;
  const int y = p.out_c + 1 + row % p.out_h;
  const int x = p.out_c + p.out_h + 2 + item % p.out_w;
  if (starts[c] == starts[c + 1] || starts[y] == starts[y + 1] || starts[x] == starts[x + 1])
    return p.value;
  NUMBER sum = 0.0;
  for (int i = starts[c]; i < starts[c + 1]; ++i)
    for (int j = starts[y]; j < starts[y + 1]; ++j) {
      const NUMBER weight = taps[i].weight * taps[j].weight;
      const int at = ((first + taps[i].index) * p.in_h + taps[j].index) * p.in_w;
      for (int k = starts[x]; k < starts[x + 1]; ++k)
        sum += weight * taps[k].weight * INPUT(at + taps[k].index);
    }
  return sum;
}
