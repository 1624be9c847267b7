// Planes as the sum of tensors of several sizes, each enlarged bilinearly. A thread does some rows of a column: each of
// a level's rows is enlarged across once for all of them.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool ADD = false;    // to what the planes hold
layout(constant_id = 1) const bool COMMON = false; // images have the levels in common, which are enlarged once
layout(constant_id = 2) const bool WHOLE = false;  // the first level is as large as the planes
layout(constant_id = 3) const int ROWS = 8;        // of a column, that a thread does
layout(push_constant) uniform Push { PyramidParams p; };
layout(binding = 0) readonly buffer Parameters { float parameters[]; };
layout(binding = 1) readonly buffer Levels { ivec4 levels[]; };
layout(binding = 2) buffer Planes { float planes[]; };
#include "pyramid.glsl"

void main() {
  const int i = item_of_image();
  if (i >= (p.height + ROWS - 1) / ROWS * p.width)
    return;
  const int top = i / p.width * ROWS, x = i % p.width;
  const int group = int(gl_WorkGroupID.y);
  const int image = COMMON ? 0 : group / p.planes, plane = COMMON ? group : group % p.planes;
  const int base = image * p.count + p.first;

  float each[ROWS], first[ROWS], last[ROWS]; // of every image, of the first and the last one
  [[unroll]] for (int r = 0; r < ROWS; ++r) {
    const int y = min(top + r, p.height - 1);
    each[r] = WHOLE ? parameters[base + (plane * p.height + y) * p.width + x] : 0.0;
    first[r] = last[r] = 0.0;
  }
  for (int l = WHOLE ? 1 : 0; l < p.levels; ++l) {
    const Level level = level_of(l);
    const float across = place_of(x, level.ratio.y, level.width);
    const int left = int(across), right = min(left + 1, level.width - 1);
    const float f = across - float(left);
    float rows[ROWS];
    [[unroll]] for (int r = 0; r < ROWS; ++r)
      rows[r] = place_of(top + r, level.ratio.x, level.height);
    const int begin = int(rows[0]), end = min(int(rows[ROWS - 1]) + 1, level.height - 1);
    const int slot = p.planes * level.height * level.width;
    int at = base + level.first + (plane * level.height + begin) * level.width;
    for (int j = begin; j <= end; ++j, at += level.width) {
      const float value = (1.0 - f) * parameters[at + left] + f * parameters[at + right];
      [[unroll]] for (int r = 0; r < ROWS; ++r)
        each[r] += weight_at(rows[r], j) * value;
    }
    if (!COMMON)
      continue;
    const int ends = level.slots > 1 ? end : begin - 1;
    at = base + level.first + slot + (plane * level.height + begin) * level.width;
    for (int j = begin; j <= ends; ++j, at += level.width) {
      const float of_first = (1.0 - f) * parameters[at + left] + f * parameters[at + right];
      const float of_last = (1.0 - f) * parameters[at + slot + left] + f * parameters[at + slot + right];
      [[unroll]] for (int r = 0; r < ROWS; ++r) {
        first[r] += weight_at(rows[r], j) * of_first;
        last[r] += weight_at(rows[r], j) * of_last;
      }
    }
  }
  for (int n = image; n < (COMMON ? p.batch : image + 1); ++n) {
    const float t = last_share(n);
    int at = (n * p.planes + plane) * p.place.plane_stride + p.place.first + top * p.place.row_stride + x;
    [[unroll]] for (int r = 0; r < ROWS; ++r, at += p.place.row_stride)
      if (top + r < p.height) {
        const float sum = COMMON ? each[r] + (1.0 - t) * first[r] + t * last[r] : each[r];
        planes[at] = ADD ? fma(p.weight, sum, planes[at]) : p.weight * sum;
      }
  }
}
