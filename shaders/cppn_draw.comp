// A net that paints, from coordinates to planes, for CPU drivers: what its layers hand on stays in registers, where
// loads and stores cost more than arithmetic. A workgroup is one subgroup; a lane makes RUN pixels.
//
// A layer's outputs are made four at a time. Each lane loads four weights of some of the features, one vec4, and all get
// them by a shuffle from a constant lane:
//
//   lane_weights[0]   lane 0: bias   lane 1: u of input 0   lane 2: v of input 0   lane 3: u of input 1 ...
//
// `values` is a queue: what is made next goes in at its end, as an array whose places are constants stays in registers.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"
#include "turns.glsl"

layout(local_size_x_id = 2) in;
layout(constant_id = 2) const uint SUBGROUP = 8;
layout(constant_id = 3) const int RUN = 4;
layout(constant_id = 4) const int PLANE_QUADS = 1; // the planes, by fours
layout(push_constant) uniform Push { CppnParams p; };
QUAD_BUFFER(0, weights); // of all layers
layout(binding = 1) writeonly buffer Planes { float planes[]; };
#include "cppn.glsl"

const int LANES = int(SUBGROUP);
const int QUADS = CPPN_WIDTH / 4;
const int ROWS = 1 + 2 * CPPN_WIDTH; // of a layer's weights: the bias, then two features an input
const int LOADS = (ROWS + LANES - 1) / LANES;

float values[CPPN_WIDTH * RUN], u[CPPN_WIDTH * RUN], v[CPPN_WIDTH * RUN];
vec4 lane_weights[LOADS];
float made[4 * RUN]; // of four outputs

float weight(int row, int part) { return subgroupShuffle(lane_weights[row / LANES][part], uint(row % LANES)); }

// Rows `at`, at + quads, ...: those of four outputs.
void load_weights(int at, int quads, int rows) {
  const int lane = int(gl_SubgroupInvocationID);
  [[unroll]] for (int j = 0; j < LOADS; ++j)
    if (j * LANES < rows)
      lane_weights[j] = FETCH(weights, at + min(j * LANES + lane, rows - 1) * quads);
}

void enqueue() {
  [[unroll]] for (int i = 0; i < (CPPN_WIDTH - 4) * RUN; ++i)
    values[i] = values[i + 4 * RUN];
  [[unroll]] for (int i = 0; i < 4 * RUN; ++i)
    values[(CPPN_WIDTH - 4) * RUN + i] = made[i];
}

void main() {
  const int pixels = p.rows * p.width;
  const int group = int(gl_WorkGroupID.x), n = int(gl_WorkGroupID.y);
  const int first = group * LANES * RUN + int(gl_SubgroupInvocationID);
  int at = n * p.count / 4;
  [[unroll]] for (int i = 0; i < CPPN_WIDTH * RUN; ++i)
    values[i] = 0.0;
  [[unroll]] for (int r = 0; r < RUN; ++r) {
    u[r] = coordinate(0, first + r * LANES);
    v[r] = coordinate(1, first + r * LANES);
  }
  [[dont_unroll]] for (int q = 0; q < QUADS; ++q) {
    load_weights(at + q, QUADS, 3);
    [[unroll]] for (int part = 0; part < 4; ++part)
      [[unroll]] for (int r = 0; r < RUN; ++r)
        made[part * RUN + r] = fma(v[r], weight(2, part), fma(u[r], weight(1, part), weight(0, part)));
    enqueue();
  }
  at += 3 * QUADS;
  [[dont_unroll]] for (int layer = 1; layer <= CPPN_LAYERS; ++layer) {
    [[unroll]] for (int i = 0; i < CPPN_WIDTH * RUN; ++i) {
      const vec2 uv = features(arc_tangent(values[i]));
      u[i] = uv.x;
      v[i] = uv.y;
    }
    const int quads = layer < CPPN_LAYERS ? QUADS : PLANE_QUADS;
    [[dont_unroll]] for (int q = 0; q < quads; ++q) {
      load_weights(at + q, quads, ROWS);
      [[unroll]] for (int part = 0; part < 4; ++part)
        [[unroll]] for (int r = 0; r < RUN; ++r)
          made[part * RUN + r] = weight(0, part);
      [[unroll]] for (int c = 0; c < CPPN_WIDTH; ++c)
        [[unroll]] for (int part = 0; part < 4; ++part) {
          const float of_u = weight(1 + 2 * c, part), of_v = weight(2 + 2 * c, part);
          [[unroll]] for (int r = 0; r < RUN; ++r)
            made[part * RUN + r] = fma(v[c * RUN + r], of_v, fma(u[c * RUN + r], of_u, made[part * RUN + r]));
        }
      enqueue();
    }
    at += ROWS * quads;
  }
  [[unroll]] for (int r = 0; r < RUN; ++r) {
    const int i = first + r * LANES;
    const int place = p.place.first + (p.first_row + i / p.width) * p.place.row_stride + i % p.width;
    if (i < pixels)
      [[unroll]] for (int o = 0; o < 4 * PLANE_QUADS; ++o)
        if (o < p.outputs)
          planes[(n * p.outputs + o) * p.place.plane_stride + place] =
              values[(CPPN_WIDTH - 4 * PLANE_QUADS + o) * RUN + r];
  }
}
