// Local response normalization: y = x / s^beta, s = bias + alpha / size * the squares of `size` channels around, one more
// of them behind than before where size is even.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool KEEPS_SUMS = false; // s
layout(constant_id = 1) const bool ALIGNED = false;
layout(push_constant) uniform Push { LrnParams p; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) restrict buffer Outputs { float outputs[]; };
layout(binding = 1) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 2) restrict buffer Sums { float sums[]; };
layout(binding = 2) restrict buffer SumVectors { vec4 sum_vectors[]; };
#include "map_quads.glsl"
#include "quads.glsl"
#include "lrn.glsl"

void main() {
  MapQuad quad;
  if (!find_quad(quad))
    return;
  [[dont_unroll]] for (int c = quad.first; c < quad.last; ++c) {
    vec4 sum = vec4(0);
    [[dont_unroll]] for (int i = max(c - (p.size - 1) / 2, 0); i <= min(c + p.size / 2, p.channels - 1); ++i) {
      const vec4 x = tensor_quad(inputs, quad_at(quad, i));
      sum += x * x;
    }
    sum = p.bias + p.alpha / float(p.size) * sum;
    const int at = quad_at(quad, c);
    store_quad(tensor_quad(inputs, at) * inverse_power(sum), at, quad.count);
    if (KEEPS_SUMS) {
      if (ALIGNED) {
        sum_vectors[at / 4] = sum;
      } else {
        [[unroll]] for (int r = 0; r < 4; ++r)
          if (r < quad.count)
            sums[at + r] = sum[r];
      }
    }
  }
}
