// The gradient of pyramid.comp, first half: each row of the levels gathers, column by column, from the pixels' rows that
// read it. What images have in common gathers from all of them, in their order.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool COMMON = false;
layout(constant_id = 1) const bool WHOLE = false; // the first level needs none
layout(push_constant) uniform Push { PyramidParams p; };
layout(binding = 0) readonly buffer Planes { float planes[]; }; // the gradient with respect to them
layout(binding = 1) readonly buffer Levels { ivec4 levels[]; };
layout(binding = 2) writeonly buffer Rows { float rows[]; }; // (level, slot, plane, y, image, the planes' columns)
#include "pyramid.glsl"

void main() {
  const int i = item_of_image(), own = int(gl_WorkGroupID.y);
  int l = WHOLE ? 1 : 0, row = i / p.width, first_row = 0; // of the level, whose slots share a thread
  for (; l < p.levels && row >= p.planes * levels[l].x; ++l) {
    row -= p.planes * levels[l].x;
    first_row += levels[l].w * p.planes * levels[l].x;
  }
  if (l == p.levels)
    return;
  const Level level = level_of(l);
  const int plane = row / level.height, y = row % level.height, x = i % p.width;
  const ivec2 read = pixels_of(y, level.height, p.height, level.ratio.x);
  float each = 0.0, first = 0.0, last = 0.0;
  for (int n = own; n < (COMMON ? p.batch : own + 1); ++n) {
    int at = (n * p.planes + plane) * p.place.plane_stride + p.place.first + read.x * p.place.row_stride + x;
    float sum = 0.0;
    for (int o = read.x; o <= read.y; ++o, at += p.place.row_stride)
      sum += weight_at(place_of(o, level.ratio.x, level.height), y) * planes[at];
    each += sum;
    if (COMMON) {
      const float t = last_share(n);
      first += (1.0 - t) * sum;
      last += t * sum;
    }
  }
  const int images = COMMON ? 1 : p.batch, to = ((first_row + row) * images + own) * p.width + x;
  rows[to] = each;
  if (COMMON && level.slots > 1) {
    const int slot = p.planes * level.height * p.width;
    rows[to + slot] = first;
    rows[to + 2 * slot] = last;
  }
}
