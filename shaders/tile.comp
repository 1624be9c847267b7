// A cell of an atlas, pixel by pixel with its border: a picture as it is, a map in magma from 0 to its maximum, or an
// image's planes one beside the other, grey.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(constant_id = 0) const uint MODE = 0u;

layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { TileParams p; };
layout(binding = 0) readonly buffer Source { float source[]; };
layout(binding = 1) readonly buffer Maxima { float maxima[]; };
layout(binding = 2) readonly buffer Colours { uint colours[]; }; // magma's 256
layout(binding = 3) writeonly buffer Cell { uint cell[]; };

// The part of an axis that a pixel sees: elements first .. last, weighted by where the box low .. high covers them,
// or by their distance from `low` (where low > high).
struct Span {
  int first, last;
  float low, high;
};

Span span_of(int pixel, int from, int to, float step) {
  if (from > to) { // average
    const float low = float(pixel) * step, high = low + step;
    return Span(clamp(int(floor(low)), 0, from - 1), clamp(int(ceil(high)) - 1, 0, from - 1), low, high);
  }
  if (MODE == TILE_MAP) { // nearest
    const int at = min((2 * pixel + 1) * from / (2 * to), from - 1);
    return Span(at, at, float(at), -1.0);
  }
  const float at = clamp((float(pixel) + 0.5) * step - 0.5, 0.0, float(from - 1));
  return Span(int(at), min(int(at) + 1, from - 1), at, -1.0);
}

float weight(Span span, int i) {
  if (span.high < span.low)
    return max(1.0 - abs(float(i) - span.low), 0.0);
  return max(min(float(i) + 1.0, span.high) - max(float(i), span.low), 0.0);
}

float sampled(int plane, Span down, Span across) {
  const int base = p.source + plane * p.source_h * p.source_w;
  float sum = 0.0, weights = 0.0;
  for (int y = down.first; y <= down.last; ++y) {
    const float weight_y = weight(down, y);
    for (int x = across.first; x <= across.last; ++x) {
      const float w = weight_y * weight(across, x);
      if (w > 0.0) // what is not seen may be NaN
        sum = fma(w, source[base + y * p.source_w + x], sum);
      weights += w;
    }
  }
  return sum / weights;
}

// 0..1 to 0..255; NaN gives 0.
uint level(float v) { return uint((v > 0.0 ? min(v, 1.0) : 0.0) * 255.0 + 0.5); }

// Pixels that no plane has are transparent.
uint mosaic(int x, int y) {
  const int w = max((p.cell_w + p.gap) / p.columns - p.gap, 1), h = max((p.cell_h + p.gap) / p.rows - p.gap, 1);
  const int column = x / (w + p.gap), row = y / (h + p.gap);
  const int plane = row * p.columns + column;
  x -= column * (w + p.gap);
  y -= row * (h + p.gap);
  if (column >= p.columns || plane >= p.planes || x >= w || y >= h)
    return 0u;
  const Span across = span_of(x, p.source_w, w, float(p.source_w) / float(w));
  const Span down = span_of(y, p.source_h, h, float(p.source_h) / float(h));
  return level(sampled(plane, down, across)) * 0x010101u | 0xff000000u;
}

void main() {
  const int px = int(gl_GlobalInvocationID.x), py = int(gl_GlobalInvocationID.y);
  if (px >= p.cell_w + 2 || py >= p.cell_h + 2)
    return;
  const int x = clamp(px - 1, 0, p.cell_w - 1), y = clamp(py - 1, 0, p.cell_h - 1);
  const Span across = span_of(x, p.source_w, p.cell_w, p.step_w), down = span_of(y, p.source_h, p.cell_h, p.step_h);
  uint colour;
  if (MODE == TILE_MOSAIC) {
    colour = mosaic(x, y);
  } else if (MODE == TILE_MAP) {
    const float maximum = maxima[p.maximum];
    colour = colours[level(maximum > 0.0 ? sampled(0, down, across) / maximum : 0.0)];
  } else {
    colour = level(sampled(p.rgb[0], down, across)) | level(sampled(p.rgb[1], down, across)) << 8 |
             level(sampled(p.rgb[2], down, across)) << 16 | 0xff000000u;
  }
  cell[py * (p.cell_w + 2) + px] = colour;
}
