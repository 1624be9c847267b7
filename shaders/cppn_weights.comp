// Parts of the gradient with respect to a layer's weights: workgroup (part, image, input) sums over its pixels what the
// features of one input add, or, after the last input, the biases.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "turns.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { CppnParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Above { float above[]; };     // gradient with respect to the outputs
layout(binding = 2) writeonly buffer Partials { float partials[]; }; // (image, part, row, output)
#include "cppn.glsl"

shared float sums[64 * 2 * CPPN_WIDTH];

void main() {
  const int part = int(gl_WorkGroupID.x), n = int(gl_WorkGroupID.y), c = int(gl_WorkGroupID.z);
  const int lane = int(gl_LocalInvocationID.x), pixels = p.rows * p.width;
  const bool biases = c == p.inputs;
  float of_u[CPPN_WIDTH], of_v[CPPN_WIDTH];
  [[unroll]] for (int o = 0; o < CPPN_WIDTH; ++o)
    of_u[o] = of_v[o] = 0.0;
  for (int i = part * 64 + lane; i < pixels; i += p.parts * 64) {
    vec2 uv = vec2(1.0, 0.0);
    if (!biases)
      uv = FIRST ? vec2(coordinate(c, i), 0.0) : features(arc_tangent(inputs[(n * p.inputs + c) * pixels + i]));
    [[unroll]] for (int o = 0; o < CPPN_WIDTH; ++o) {
      const int plane = n * p.outputs + min(o, p.outputs - 1);
      const float g = above[LAST ? plane * p.place.plane_stride + p.place.first + i / p.width * p.place.row_stride +
                                       i % p.width
                                 : plane * pixels + i];
      of_u[o] = fma(uv.x, g, of_u[o]);
      of_v[o] = fma(uv.y, g, of_v[o]);
    }
  }
  [[unroll]] for (int o = 0; o < CPPN_WIDTH; ++o) {
    sums[o * 64 + lane] = of_u[o];
    sums[(CPPN_WIDTH + o) * 64 + lane] = of_v[o];
  }
  barrier();
  const int features_each = FIRST ? 1 : 2;
  const int rows = 1 + p.inputs * features_each;
  const int feature = lane / CPPN_WIDTH, o = lane % CPPN_WIDTH;
  if (o >= p.stride || feature >= (biases ? 1 : features_each))
    return;
  float sum = 0.0;
  for (int i = 0; i < 64; ++i)
    sum += sums[lane * 64 + i];
  const int row = biases ? 0 : 1 + c * features_each + feature;
  partials[((n * p.parts + part) * rows + row) * p.stride + o] = o < p.outputs ? sum : 0.0;
}
