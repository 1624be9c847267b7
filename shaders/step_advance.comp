// Begins a step: its number, Adam's bias corrections, and each image's transform. One workgroup.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "philox.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { AdvanceParams p; };
layout(binding = 0) buffer Step { StepState state; };
layout(binding = 1) readonly buffer Images { ImageState images[]; };
layout(binding = 2) readonly buffer Draws { float draws[]; };
layout(binding = 3) writeonly buffer Maps { AffineMap maps[]; };

float draw(DrawRange range, uint word) {
  if (range.uniform_range != 0)
    return mix(draws[range.first], draws[range.first + 1], uniform_float(word));
  return draws[range.first + int(uniform_index(word, uint(range.count)))];
}

// Canvas pixel -> image: centred, moved by jitter_after, rotated, divided by the scale, moved by jitter.
// Of a crop: its square, about a centre of its own, is what the canvas shows before all that.
AffineMap draw_map(uint step_number, uvec2 key, uint view) {
  const uvec4 a = philox(uvec4(step_number, PURPOSE_TRANSFORM, 0u, view), key);
  const uvec4 b = philox(uvec4(step_number, PURPOSE_TRANSFORM, 1u, view), key);
  float scale = draw(p.scale, a.z);
  vec2 moved = vec2(draw(p.jitter, a.x), draw(p.jitter, a.y));
  if (p.crops > 0) {
    const uvec4 c = philox(uvec4(step_number, PURPOSE_TRANSFORM, 2u, view), key);
    const vec2 size = vec2(float(p.source_w), float(p.source_h));
    const float side = draw(p.crop_side, c.x) * min(size.x, size.y);
    scale *= float(min(p.canvas_w, p.canvas_h)) / side;
    const vec2 room = max(0.5 * (size - side), vec2(0.0)); // crops lie inside
    moved += clamp(p.crop_deviation * size * normal_pair(c.y, c.z), -room, room);
  }
  const vec2 rotated = turned(draw(p.rotation, a.w) / 360.0);
  const float c = rotated.x, s = rotated.y;
  const float x = draw(p.jitter_after, b.x) - 0.5 * float(p.canvas_w - 1);
  const float y = draw(p.jitter_after, b.y) - 0.5 * float(p.canvas_h - 1);
  AffineMap m;
  m.m00 = c / scale;
  m.m01 = -s / scale;
  m.m10 = s / scale;
  m.m11 = c / scale;
  m.tx = m.m00 * x + m.m01 * y + 0.5 * float(p.source_w - 1) + moved.x;
  m.ty = m.m10 * x + m.m11 * y + 0.5 * float(p.source_h - 1) + moved.y;
  // The inverse of what there is, rounded as it is.
  const float determinant = m.m00 * m.m11 - m.m01 * m.m10;
  m.n00 = m.m11 / determinant;
  m.n01 = -m.m01 / determinant;
  m.n10 = -m.m10 / determinant;
  m.n11 = m.m00 / determinant;
  return m;
}

void main() {
  const int started = state.started + 1;
  barrier();
  if (gl_LocalInvocationID.x == 0u) {
    state.started = started;
    state.correction1 = -exponential_minus_1(float(started) * p.log_beta1);
    state.correction2 = -exponential_minus_1(float(started) * p.log_beta2);
    state.factor = p.cosine_steps > 0
                       ? 0.5 + 0.5 * turned(0.5 * float(min(started - 1, p.cosine_steps)) / float(p.cosine_steps)).x
                       : 1.0;
    // T. Dozat's schedule of momentum: of 0.96 to that power.
    const float LOG_096 = -0.0408219945202551713;
    state.momentum = p.beta1 * (1.0 - 0.5 * exponential(LOG_096 * 0.004 * float(started)));
    state.next_momentum = p.beta1 * (1.0 - 0.5 * exponential(LOG_096 * 0.004 * float(started + 1)));
    state.momenta *= state.momentum;
  }
  const int views = max(p.crops, 1);
  for (int i = int(gl_LocalInvocationID.x); i < p.batch * views; i += 64) {
    const ImageState image = images[i / views];
    maps[i] = draw_map(uint(started - 1), uvec2(image.key0, image.key1), uint(i % views));
  }
}
