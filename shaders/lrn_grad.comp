// dx = dy / s^beta - x * 2 alpha beta / size * sum of dy * y / s over the channels whose sums s this one is part of.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool ALIGNED = false;
layout(push_constant) uniform Push { LrnParams p; };
QUAD_BUFFER(0, inputs);   // dy
QUAD_BUFFER(1, elements); // x
QUAD_BUFFER(2, results);  // y
QUAD_BUFFER(3, sums);
layout(binding = 4) restrict buffer Outputs { float outputs[]; };
layout(binding = 4) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 5) restrict buffer Mask { uint mask[]; };
layout(binding = 5) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#include "map_quads.glsl"
#include "mask_quads.glsl"
#include "quads.glsl"
#include "gradient_quads.glsl"
#include "lrn.glsl"

void main() {
  MapQuad quad;
  if (!find_quad(quad))
    return;
  const uvec4 open = open_pixels(mask_word(quad.n, p.channels, quad.first, quad.pixel, p.pixels), quad.count);
  [[dont_unroll]] for (int c = quad.first; c < quad.last; ++c) {
    vec4 sum = vec4(0);
    [[dont_unroll]] for (int i = max(c - p.size / 2, 0); i <= min(c + (p.size - 1) / 2, p.channels - 1); ++i) {
      const int at = quad_at(quad, i);
      sum += tensor_quad(inputs, at) * tensor_quad(results, at) / tensor_quad(sums, at);
    }
    const int at = quad_at(quad, c);
    const vec4 v = tensor_quad(inputs, at) * inverse_power(tensor_quad(sums, at)) -
                   2.0 * p.alpha * p.beta / float(p.size) * tensor_quad(elements, at) * sum;
    store_gradient(v, open, c, at, quad.count);
  }
}
