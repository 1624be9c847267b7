// What the terms that compare have in common: a workgroup an image goes through the sums of its positions, leaves the
// term's value, and of each position, or of all, the factors (p, q) of its gradient p o + q a.
#include "params.h"
#include "real.glsl"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { PairParams p; };
layout(binding = 0) readonly buffer Pairs { vec2 pairs[]; };
layout(binding = 1) writeonly buffer Factors { vec2 factors[]; };
layout(binding = 2) writeonly buffer Partials { float partials[]; };

int pixels() { return p.rows * p.columns; }
int image() { return int(gl_WorkGroupID.x); }
int lane() { return int(gl_LocalInvocationID.x); }

// The sums of all positions together.
vec2 pair_totals() {
  vec2 sum = vec2(0.0);
  for (int i = lane(); i < pixels(); i += 64)
    sum += pairs[image() * pixels() + i];
  return vec2(reduce_sum(sum.x), reduce_sum(sum.y));
}

// The whole workgroup calls it with the same value.
void store_value(float value) {
  if (lane() < OBJECTIVE_PARTS)
    partials[(image() * p.terms + p.term) * OBJECTIVE_PARTS + lane()] = lane() == 0 ? value : 0.0;
}
