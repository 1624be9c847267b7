// The gradient of pyramid.comp: each of the levels' numbers gathers from the pixels that read it. What images have in
// common gathers from all of them, in their order, and each image gets the sum.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "resize.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool COMMON = false;
layout(push_constant) uniform Push { PyramidParams p; };
layout(binding = 0) readonly buffer Planes { float planes[]; }; // the gradient with respect to them
layout(binding = 1) readonly buffer Levels { vec4 levels[]; };
layout(binding = 2) buffer Gradient { float gradient[]; };
#include "pyramid.glsl"

float gathered(int n, int plane, Level level, int y, int x) {
  const ivec2 rows = readers(y, level.height, p.height, level.ratio.x);
  const ivec2 columns = readers(x, level.width, p.width, level.ratio.y);
  const int first = (n * p.planes + plane) * p.place.plane_stride + p.place.first;
  float sum = 0.0;
  for (int oy = rows.x; oy <= rows.y; ++oy) {
    const float weight_y = resize_weight(resize_tap(oy, level.ratio.x), y, level.height);
    if (weight_y == 0.0)
      continue;
    float row = 0.0;
    for (int ox = columns.x; ox <= columns.y; ++ox)
      row += resize_weight(resize_tap(ox, level.ratio.y), x, level.width) *
             planes[first + oy * p.place.row_stride + ox];
    sum += weight_y * row;
  }
  return sum;
}

void main() {
  const int i = item_of_image();
  if (i >= p.count - p.first)
    return;
  int own = int(gl_WorkGroupID.y), l = 0;
  float sum = 0.0;
  if (i < p.size) {
    while (l + 1 < p.levels && i >= int(levels[l + 1].z))
      ++l;
    const Level level = level_of(l);
    const int at = i - level.first, pixels = level.height * level.width;
    const int plane = at / pixels % p.planes, slot = at / pixels / p.planes;
    const int y = at % pixels / level.width, x = at % level.width;
    const int last = COMMON ? p.batch - 1 : own;
    for (int n = own; n <= last; ++n)
      sum += share_of(slot, level.slots, n) * gathered(n, plane, level, y, x);
    sum *= p.weight;
  }
  for (int n = own; n < (COMMON ? p.batch : own + 1); ++n)
    gradient[n * p.count + p.first + i] = sum;
}
