// y = x * scale[c] + shift[c], then ReLU with its mask: a batch normalization, a lone ReLU, or both.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool ALIGNED = false;
layout(constant_id = 2) const bool HAS_SCALE = true; // else y = x
layout(push_constant) uniform Push { ActivationParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, scale);
QUAD_BUFFER(2, shift);
layout(binding = 3) restrict buffer Outputs { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 4) restrict buffer Mask { uint mask[]; };
layout(binding = 4) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#include "map_quads.glsl"
#include "mask_quads.glsl"
#include "quads.glsl"

void main() {
  MapQuad quad;
  if (!find_quad(quad))
    return;
  uvec4 bits = uvec4(0);
  [[dont_unroll]] for (int four = quad.first; four < quad.last; four += 4) { // one texel of scale has those of four
    const vec4 scales = HAS_SCALE ? FETCH(scale, four / 4) : vec4(1);
    const vec4 shifts = HAS_SCALE ? FETCH(shift, four / 4) : vec4(0);
    [[unroll]] for (int i = 0; i < 4; ++i)
      if (four + i < quad.last) {
        const int at = quad_at(quad, four + i);
        vec4 v = tensor_quad(inputs, at);
        if (HAS_SCALE)
          v = v * scales[i] + shifts[i];
        if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u)
          bits |= open_quad(v, p.low, p.high, four + i);
        if ((EPILOGUE & EPILOGUE_RELU) != 0u)
          v = clamp(v, p.low, p.high);
        store_quad(v, at, quad.count);
      }
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u)
    store_mask_quad(bits, mask_word(quad.n, p.channels, quad.first, quad.pixel, p.pixels), quad.count);
}
