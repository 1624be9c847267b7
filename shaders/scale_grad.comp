// dx = dy * scale[c]: the gradient of a scale-shift, and with scale left out that of an addition or a ReLU.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool ALIGNED = false;
layout(constant_id = 2) const bool HAS_SCALE = true;
layout(push_constant) uniform Push { MapParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, scale);
layout(binding = 2) restrict buffer Outputs { float outputs[]; };
layout(binding = 2) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 3) restrict buffer Mask { uint mask[]; };
layout(binding = 3) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#include "map_quads.glsl"
#include "mask_quads.glsl"
#include "quads.glsl"
#include "gradient_quads.glsl"

void main() {
  MapQuad quad;
  if (!find_quad(quad))
    return;
  const uvec4 open = open_pixels(mask_word(quad.n, p.channels, quad.first, quad.pixel, p.pixels), quad.count);
  [[dont_unroll]] for (int four = quad.first; four < quad.last; four += 4) { // one texel of scale has those of four
    const vec4 scales = HAS_SCALE ? FETCH(scale, four / 4) : vec4(1);
    [[unroll]] for (int i = 0; i < 4; ++i)
      if (four + i < quad.last) {
        const int at = quad_at(quad, four + i);
        vec4 v = tensor_quad(inputs, at);
        if (HAS_SCALE)
          v *= scales[i];
        store_gradient(v, open, four + i, at, quad.count);
      }
  }
}
