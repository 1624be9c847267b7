// The gradient of pyramid.comp, second half: each of the levels' numbers gathers from its row of pyramid_rows.comp. Of
// what images have in common each gets the sum.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool COMMON = false;
layout(constant_id = 1) const bool WHOLE = false; // the first level is as large as the planes
layout(push_constant) uniform Push { PyramidParams p; };
layout(binding = 0) readonly buffer Planes { float planes[]; }; // the gradient with respect to them
layout(binding = 1) readonly buffer Rows { float rows[]; };
layout(binding = 2) readonly buffer Levels { ivec4 levels[]; };
layout(binding = 3) buffer Gradient { float gradient[]; };
#include "pyramid.glsl"

void main() {
  const int i = item_of_image(), own = int(gl_WorkGroupID.y);
  if (i >= p.count - p.first)
    return;
  const int whole = WHOLE ? p.planes * p.height * p.width : 0;
  float sum = 0.0;
  if (i < whole) {
    const int plane = i / (p.height * p.width), pixel = i % (p.height * p.width);
    sum = p.weight * planes[(own * p.planes + plane) * p.place.plane_stride + p.place.first +
                            pixel / p.width * p.place.row_stride + pixel % p.width];
  } else if (i < p.size) {
    int l = WHOLE ? 1 : 0, first_row = 0;
    for (; l + 1 < p.levels && i >= levels[l + 1].z; ++l)
      first_row += levels[l].w * p.planes * levels[l].x;
    const Level level = level_of(l);
    const int at = i - level.first, x = at % level.width;
    const ivec2 read = pixels_of(x, level.width, p.width, level.ratio.y);
    const int row = ((first_row + at / level.width) * (COMMON ? 1 : p.batch) + own) * p.width;
    for (int o = read.x; o <= read.y; ++o)
      sum += weight_at(place_of(o, level.ratio.y, level.width), x) * rows[row + o];
    sum *= p.weight;
  }
  for (int n = own; n < (COMMON ? p.batch : own + 1); ++n)
    gradient[n * p.count + p.first + i] = sum;
}
