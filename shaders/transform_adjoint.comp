// The gradient with respect to the image, from that with respect to the net's input: a gather, so that the order of
// additions never changes. Each source pixel asks which canvas pixels read it:
//
//   source            canvas
//   . . . . .         . . . . .     canvas pixels whose position in the source is less than one pixel away lie in
//   . . X . .   <->   . [* *] .     the box around the map's inverse of X that holds the inverse of that square
//   . . . . .         . [* *] .
//
// Then, with COLOUR, on through the sigmoid and the colours to what the image was made from.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "transform.glsl"
#include "colour.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 2) const bool WITH_COLOUR = true;
layout(constant_id = 3) const bool DECORRELATED = true;
layout(constant_id = 4) const bool ADDED = false; // another gradient with respect to the image
layout(push_constant) uniform Push { TransformParams p; };
layout(binding = 0) readonly buffer Gradient { float gradient[]; };
layout(binding = 1) readonly buffer Maps { AffineMap maps[]; };
layout(binding = 2) readonly buffer Image { float image[]; };
layout(binding = 3) writeonly buffer Outputs { float outputs[]; };
layout(binding = 4) readonly buffer Added { float added[]; };

vec3 canvas_gradient(int n, int x, int y) {
  const int plane = p.canvas_h * p.canvas_w;
  const int at = n * p.plane.planes * plane + y * p.canvas_w + x;
  vec3 g;
  for (int c = 0; c < 3; ++c)
    g[c] = gradient[at + p.plane.source[c] * plane] * p.plane.scale[c];
  return g;
}

// All that the canvas reads at source position (x, y), inside the image or a mirror image's.
vec3 gathered(AffineMap m, int n, int x, int y) {
  const vec2 from = vec2(float(x) - m.tx, float(y) - m.ty);
  const vec2 centre = vec2(m.n00 * from.x + m.n01 * from.y, m.n10 * from.x + m.n11 * from.y);
  const vec2 reach = vec2(abs(m.n00) + abs(m.n01), abs(m.n10) + abs(m.n11)) + 0.01;
  const ivec2 low = max(ivec2(ceil(centre - reach)), ivec2(0));
  const ivec2 high = min(ivec2(floor(centre + reach)), ivec2(p.canvas_w, p.canvas_h) - 1);
  vec3 sum = vec3(0.0);
  for (int oy = low.y; oy <= high.y; ++oy)
    for (int ox = low.x; ox <= high.x; ++ox) {
      const vec2 at = source_position(m, ox, oy);
      const vec2 tap = floor(at);
      const vec2 f = at - tap;
      const ivec2 offset = ivec2(x, y) - ivec2(tap);
      if (uint(offset.x) > 1u || uint(offset.y) > 1u)
        continue;
      const float weight = (offset.x == 0 ? 1.0 - f.x : f.x) * (offset.y == 0 ? 1.0 - f.y : f.y);
      sum += weight * canvas_gradient(n, ox, oy);
    }
  return sum;
}

// First and last position along one axis that the canvas's taps reach.
ivec2 sampled_extent(float along_x, float along_y, float move) {
  const float a = along_x * float(p.canvas_w - 1), b = along_y * float(p.canvas_h - 1);
  return ivec2(int(floor(move + min(a, 0.0) + min(b, 0.0))) - 1, int(floor(move + max(a, 0.0) + max(b, 0.0))) + 2);
}

// The positions at which pixel i of an axis appears in the mirrored plane are i + k * period and, where that is
// another one, -i + k * period. Here: the first at or after `from` of one family.
int first_after(int i, int period, int from) {
  return i + int(ceil(float(from - i) / float(period))) * period;
}

vec3 gathered_reflections(AffineMap m, int n, int x, int y) {
  const ivec2 extent_x = sampled_extent(m.m00, m.m01, m.tx), extent_y = sampled_extent(m.m10, m.m11, m.ty);
  const int period_x = max(2 * (p.source_w - 1), 1), period_y = max(2 * (p.source_h - 1), 1);
  const int families_x = x == 0 || x == p.source_w - 1 ? 1 : 2, families_y = y == 0 || y == p.source_h - 1 ? 1 : 2;
  vec3 sum = vec3(0.0);
  for (int fy = 0; fy < families_y; ++fy)
    for (int sy = first_after(fy == 0 ? y : -y, period_y, extent_y.x); sy <= extent_y.y; sy += period_y)
      for (int fx = 0; fx < families_x; ++fx)
        for (int sx = first_after(fx == 0 ? x : -x, period_x, extent_x.x); sx <= extent_x.y; sx += period_x)
          sum += gathered(m, n, sx, sy);
  return sum;
}

void main() {
  const int pixels = p.source_h * p.source_w;
  const int i = item_of_image();
  if (i >= pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int x = i % p.source_w, y = i / p.source_w;
  vec3 g = vec3(0.0);
  for (int view = n * p.views; view < (n + 1) * p.views; ++view)
    if (MODE == TRANSFORM_NONE)
      g += canvas_gradient(view, x, y);
    else if (MODE == TRANSFORM_GREY)
      g += gathered(maps[view], view, x, y);
    else
      g += gathered_reflections(maps[view], view, x, y);
  const int first_plane = n * p.plane.planes + p.plane.first;
  if (ADDED)
    for (int c = 0; c < PLANES; ++c)
      g[c] += added[(first_plane + c) * pixels + i];
  if (WITH_COLOUR) {
    for (int c = 0; c < PLANES; ++c) {
      const float v = image[(first_plane + c) * pixels + i];
      g[c] *= v * (1.0 - v);
    }
    g = p.gain * (DECORRELATED ? g * COLOUR : g); // the transposed matrix times g
  }
  const int at = p.place.first + y * p.place.row_stride + x;
  for (int c = 0; c < PLANES; ++c)
    outputs[(first_plane + c) * p.place.plane_stride + at] = g[c];
}
