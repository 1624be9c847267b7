// A layer of a net that paints: a thread makes all the outputs of a pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"
#include "turns.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CppnParams p; };
layout(binding = 0) readonly buffer Weights { vec4 weights[]; }; // of all layers, quads of outputs
layout(binding = 1) readonly buffer Inputs { float inputs[]; };  // (N, inputs, rows x width)
layout(binding = 2) buffer Outputs { float outputs[]; };
#include "cppn.glsl"

const int QUADS = LAST ? 1 : CPPN_WIDTH / 4; // that are made at once

void main() {
  const int pixels = p.rows * p.width;
  const int item = item_of_image(), n = int(gl_WorkGroupID.y);
  const int i = min(item, pixels - 1); // all of a group stay together, so that weights are read once for all
  const int quads = p.stride / 4;
  for (int from = 0; from < quads; from += QUADS) {
    int at = (n * p.count + p.first) / 4 + from;
    vec4 sums[QUADS];
    [[unroll]] for (int q = 0; q < QUADS; ++q)
      sums[q] = weights[at + q];
    for (int c = 0; c < p.inputs; ++c) {
      if (FIRST) {
        const float u = coordinate(c, i);
        at += quads;
        [[unroll]] for (int q = 0; q < QUADS; ++q)
          sums[q] = fma(vec4(u), weights[at + q], sums[q]);
      } else {
        const vec2 uv = features(arc_tangent(inputs[(n * p.inputs + c) * pixels + i]));
        at += quads;
        [[unroll]] for (int q = 0; q < QUADS; ++q)
          sums[q] = fma(vec4(uv.x), weights[at + q], sums[q]);
        at += quads;
        [[unroll]] for (int q = 0; q < QUADS; ++q)
          sums[q] = fma(vec4(uv.y), weights[at + q], sums[q]);
      }
    }
    if (item < pixels)
      [[unroll]] for (int q = 0; q < QUADS; ++q)
        [[unroll]] for (int part = 0; part < 4; ++part) {
          const int o = (from + q) * 4 + part;
          if (LAST) {
            if (o < p.outputs)
              outputs[(n * p.outputs + o) * p.place.plane_stride + p.place.first +
                      (p.first_row + i / p.width) * p.place.row_stride + i % p.width] = sums[q][part];
          } else
            outputs[(n * p.outputs + o) * pixels + i] = sums[q][part];
        }
  }
}
