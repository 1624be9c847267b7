// y = a + b and the like, each operand repeated along axes where it is 1 long. One thread does 32 channels of one pixel.
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint ARITHMETIC = 0u;
layout(constant_id = 1) const bool KEEPS_CHOICE = false; // of a maximum or minimum: 1 where it is the first, else 0
#include "arithmetic.glsl"
layout(push_constant) uniform Push { BinaryParams p; };
layout(binding = 0) readonly buffer A { REAL a[]; };
layout(binding = 1) readonly buffer B { REAL b[]; };
layout(binding = 2) writeonly buffer Outputs { REAL outputs[]; };
layout(binding = 3) writeonly buffer Choice { float choice[]; };

void main() {
  const int pixels = p.rows * p.columns;
  const int blocks = (p.channels + 31) / 32;
  const int item = linear_item();
  if (item >= p.batch * blocks * pixels)
    return;
  const int pixel = item % pixels;
  const int x = pixel % p.columns;
  const int y = pixel / p.columns;
  const int n = item / pixels / blocks;
  const int first = item / pixels % blocks * 32;
  int at_a = n * p.a.image + first * p.a.channel + y * p.a.row + x * p.a.column;
  int at_b = n * p.b.image + first * p.b.channel + y * p.b.row + x * p.b.column;
  for (int c = first; c < min(first + 32, p.channels); ++c, at_a += p.a.channel, at_b += p.b.channel) {
    const int index = (n * p.channels + c) * pixels + pixel;
    const REAL left = a[at_a];
    const REAL right = b[at_b];
    outputs[index] = arithmetic_value(left, right);
    if (KEEPS_CHOICE)
      choice[index] = takes_first(left, right) ? 1.0 : 0.0;
  }
}
