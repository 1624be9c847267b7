// What rounding took from a convolution's values: exact sum - stored value, by compensated arithmetic (error-free
// products and sums). A max pool that is given it finds the true maximum among values that are equal to rounding,
// as nets with coarse weights have by the hundred. One thread does one output element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint HAS_BIAS = 0u;
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; }; // (groups*out_c, in_c, kh, kw)
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) readonly buffer Values { float values[]; };
layout(binding = 4) writeonly buffer Remainder { float remainder[]; };

// The sum so far is high + low.
void add_exactly(float v, inout float high, inout float low) {
  precise float sum = high + v;
  precise float part = sum - high;
  precise float error = (high - (sum - part)) + (v - part);
  high = sum;
  precise float rest = low + error;
  low = rest;
}

// Halves of 12 bits, whose products are exact.
vec2 halves(float v) {
  precise float scaled = v * 4097.0;
  precise float high = scaled - (scaled - v);
  precise float low = v - high;
  return vec2(high, low);
}

void add_product(float a, float b, inout float high, inout float low) {
  precise float product = a * b;
  const vec2 x = halves(a);
  const vec2 y = halves(b);
  precise float error = ((x.x * y.x - product) + x.x * y.y + x.y * y.x) + x.y * y.y;
  add_exactly(product, high, low);
  precise float rest = low + error;
  low = rest;
}

void main() {
  const int item = linear_item();
  const int plane = p.out_h * p.out_w;
  const int channels = p.groups * p.out_c;
  if (item >= p.batch * channels * plane)
    return;
  const int ox = item % p.out_w;
  const int oy = item / p.out_w % p.out_h;
  const int channel = item / plane % channels;
  const int n = item / plane / channels;
  const int from = p.in_base + n * p.in_batch_stride + channel / p.out_c * p.in_c * p.in_h * p.in_w;
  float high = 0.0;
  float low = 0.0;
  int w = channel * p.in_c * p.kernel_h * p.kernel_w;
  for (int c = 0; c < p.in_c; ++c)
    for (int ky = 0; ky < p.kernel_h; ++ky)
      for (int kx = 0; kx < p.kernel_w; ++kx, ++w) {
        const int iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
        const int ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
        if (iy >= 0 && iy < p.in_h && ix >= 0 && ix < p.in_w)
          add_product(weights[w], inputs[from + (c * p.in_h + iy) * p.in_w + ix], high, low);
      }
  if (HAS_BIAS != 0u)
    add_exactly(bias[channel], high, low);
  precise float difference = (high - values[item]) + low;
  remainder[item] = difference;
}
