// The gradient with respect to a layer's inputs, from that with respect to its outputs: a thread does a pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"
#include "turns.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool LAST = false; // its outputs are the planes
layout(push_constant) uniform Push { CppnParams p; };
layout(binding = 0) readonly buffer Weights { vec4 weights[]; };
layout(binding = 1) readonly buffer Inputs { float inputs[]; };
layout(binding = 2) readonly buffer Above { float above[]; }; // gradient with respect to the outputs
layout(binding = 3) writeonly buffer Gradient { float gradient[]; };

const int QUADS = CPPN_WIDTH / 4;

void main() {
  const int pixels = p.rows * p.width;
  const int item = item_of_image(), n = int(gl_WorkGroupID.y);
  const int i = min(item, pixels - 1);
  const int quads = p.stride / 4;
  vec4 g[QUADS];
  [[unroll]] for (int q = 0; q < QUADS; ++q)
    [[unroll]] for (int part = 0; part < 4; ++part) {
      const int o = min(4 * q + part, p.outputs - 1);
      const int at = LAST ? (n * p.outputs + o) * p.place.plane_stride + p.place.first +
                                i / p.width * p.place.row_stride + i % p.width
                          : (n * p.outputs + o) * pixels + i;
      g[q][part] = 4 * q + part < p.outputs ? above[at] : 0.0;
    }
  int at = (n * p.count + p.first) / 4 + quads;
  for (int c = 0; c < p.inputs; ++c) {
    vec4 u = vec4(0.0), v = vec4(0.0);
    [[unroll]] for (int q = 0; q < QUADS; ++q) {
      const int weight = at + min(q, quads - 1); // those that there are not count for nothing
      u = fma(weights[weight], g[q], u);
      v = fma(weights[weight + quads], g[q], v);
    }
    at += 2 * quads;
    const int place = (n * p.inputs + c) * pixels + i;
    const float x = inputs[place];
    const float of_u = u.x + u.y + u.z + u.w, of_v = v.x + v.y + v.z + v.w;
    if (item < pixels)
      gradient[place] = (of_u * (1.0 / 0.67) + of_v * (2.0 / 0.6) * arc_tangent(x)) / (1.0 + x * x);
  }
}
