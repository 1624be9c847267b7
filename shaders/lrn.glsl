// Local response normalization: y = x / s^beta, s = bias + alpha / size * the squares of `size` channels around, one more
// of them behind than before where size is even. One thread does 32 channels of one pixel.
#include "params.h"
#include "linear.glsl"
#include "real.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool KEEPS_SUMS = false; // s
layout(push_constant) uniform Push { LrnParams p; };
layout(binding = 0) readonly buffer Inputs { REAL inputs[]; };
layout(binding = 1) writeonly buffer Outputs { REAL outputs[]; };
layout(binding = 2) writeonly buffer Sums { float sums[]; };

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int item = linear_item();
  if (item >= p.batch * blocks * p.pixels)
    return;
  const int base = item / p.pixels / blocks * p.channels * p.pixels + item % p.pixels;
  const int first = item / p.pixels % blocks * 32;
  for (int c = first; c < min(first + 32, p.channels); ++c) {
    REAL sum = REAL(0.0);
    for (int i = max(c - (p.size - 1) / 2, 0); i <= min(c + p.size / 2, p.channels - 1); ++i) {
      const REAL x = inputs[base + i * p.pixels];
      sum += x * x;
    }
    sum = REAL(p.bias) + REAL(p.alpha) / REAL(p.size) * sum;
    const int index = base + c * p.pixels;
    outputs[index] = inputs[index] * raised(sum, -REAL(p.beta));
    if (KEEPS_SUMS)
      sums[index] = float(sum);
  }
}
