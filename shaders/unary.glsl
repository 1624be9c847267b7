// y = f(x); one thread does one element. EXACT (in double) also leaves f'(x), from which the backward pass takes what
// float32 would decide by chance.
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint FUNCTION = 0u;
layout(constant_id = 1) const bool HAS_SLOPES = false; // a is slopes[c]
#include "functions.glsl"
layout(push_constant) uniform Push { UnaryParams p; };
layout(binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(binding = 1) readonly buffer Slopes { float slopes[]; };
layout(binding = 2) writeonly buffer Outputs { REAL outputs[]; };
#ifdef EXACT
layout(binding = 3) writeonly buffer Derivative { float derivative[]; };
#endif

void main() {
  const int item = linear_item();
  if (item >= p.batch * p.channels * p.pixels)
    return;
  const float a = HAS_SLOPES ? slopes[item / p.pixels % p.channels] : p.a;
  const REAL x = inputs[item];
  outputs[item] = function_value(x, REAL(a), REAL(p.b));
#ifdef EXACT
  derivative[item] = float(function_slope(x, REAL(a), REAL(p.b)));
#endif
}
