// Planes as the sum of tensors of several sizes, each enlarged bilinearly.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "resize.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool ADD = false; // to what the planes hold
layout(push_constant) uniform Push { PyramidParams p; };
layout(binding = 0) readonly buffer Parameters { float parameters[]; };
layout(binding = 1) readonly buffer Levels { vec4 levels[]; };
layout(binding = 2) buffer Planes { float planes[]; };
#include "pyramid.glsl"

float enlarged(int first, Level level, Tap y, Tap x) {
  const int low_y = first + clamp(y.low, 0, level.height - 1) * level.width;
  const int high_y = first + clamp(y.low + 1, 0, level.height - 1) * level.width;
  const int low_x = clamp(x.low, 0, level.width - 1), high_x = clamp(x.low + 1, 0, level.width - 1);
  return (1.0 - y.f) * ((1.0 - x.f) * parameters[low_y + low_x] + x.f * parameters[low_y + high_x]) +
         y.f * ((1.0 - x.f) * parameters[high_y + low_x] + x.f * parameters[high_y + high_x]);
}

void main() {
  const int i = item_of_image();
  if (i >= p.height * p.width)
    return;
  const int n = int(gl_WorkGroupID.y) / p.planes, plane = int(gl_WorkGroupID.y) % p.planes;
  float sum = 0.0;
  for (int l = 0; l < p.levels; ++l) {
    const Level level = level_of(l);
    const Tap y = resize_tap(i / p.width, level.ratio.x), x = resize_tap(i % p.width, level.ratio.y);
    for (int slot = 0; slot < level.slots; ++slot) {
      const int first = n * p.count + p.first + level.first + (slot * p.planes + plane) * level.height * level.width;
      sum += share_of(slot, level.slots, n) * enlarged(first, level, y, x);
    }
  }
  const int at = int(gl_WorkGroupID.y) * p.place.plane_stride + p.place.first + i / p.width * p.place.row_stride +
                 i % p.width;
  planes[at] = ADD ? fma(p.weight, sum, planes[at]) : p.weight * sum;
}
