// One axis of a real two-dimensional Fourier transform as the sum that defines it, for devices whose compiler does not take
// VkFFT's kernels. A thread makes one complex number (or, of rows on the way back, two neighbouring pixels).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool INVERSE = false;
layout(constant_id = 1) const bool ROWS = false; // along rows: between real numbers and half a spectrum
layout(push_constant) uniform Push { SpectrumParams p; };
layout(binding = 0) readonly buffer From { vec2 from[]; };
layout(binding = 1) writeonly buffer To { vec2 to[]; };
layout(binding = 2) readonly buffer Roots { vec2 roots[]; }; // exp(2 pi i k / height) of each k, then those of the width

vec2 product(vec2 a, vec2 b) { return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
// exp(+-2 pi i k / n), + on the way back.
vec2 root(int at) { return INVERSE ? roots[at] : vec2(roots[at].x, -roots[at].y); }

vec2 along_column(int first, int row) {
  vec2 sum = vec2(0);
  for (int j = 0, k = 0; j < p.height; ++j) {
    sum += product(from[first + j * p.columns], root(k));
    k += row;
    k -= k >= p.height ? p.height : 0;
  }
  return sum;
}

vec2 frequency(int first, int column) {
  vec2 sum = vec2(0);
  for (int x = 0, k = 0; x < p.width; ++x) {
    const vec2 pair = from[first + x / 2];
    sum += (x % 2 == 0 ? pair.x : pair.y) * root(p.height + k);
    k += column;
    k -= k >= p.width ? p.width : 0;
  }
  return sum;
}

// Each frequency stands for its conjugate too, but for the first and, of even widths, the last, which are their own.
float pixel(int first, int x) {
  float sum = 0.0;
  for (int column = 0, k = 0; column < p.columns; ++column) {
    const float v = product(from[first + column], root(p.height + k)).x;
    sum += column == 0 || 2 * column == p.width ? v : 2.0 * v;
    k += x;
    k -= k >= p.width ? p.width : 0;
  }
  return sum;
}

void main() {
  const int i = item_of_image();
  if (i >= p.height * p.columns)
    return;
  const int plane = int(gl_WorkGroupID.y) * p.height * p.columns;
  const int row = i / p.columns, column = i % p.columns;
  vec2 v;
  if (!ROWS)
    v = along_column(plane + column, row);
  else if (!INVERSE)
    v = frequency(plane + row * p.columns, column);
  else {
    v.x = 2 * column < p.width ? pixel(plane + row * p.columns, 2 * column) : 0.0;
    v.y = 2 * column + 1 < p.width ? pixel(plane + row * p.columns, 2 * column + 1) : 0.0;
  }
  to[plane + i] = v;
}
