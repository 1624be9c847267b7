// y = a + b, then ReLU with its mask.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool ALIGNED = false;
layout(push_constant) uniform Push { ActivationParams p; };
QUAD_BUFFER(0, a);
QUAD_BUFFER(1, b);
layout(binding = 2) restrict buffer Outputs { float outputs[]; };
layout(binding = 2) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 3) restrict buffer Mask { uint mask[]; };
layout(binding = 3) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#include "map_quads.glsl"
#include "mask_quads.glsl"
#include "quads.glsl"

void main() {
  MapQuad quad;
  if (!find_quad(quad))
    return;
  uvec4 bits = uvec4(0);
  [[dont_unroll]] for (int c = quad.first; c < quad.last; ++c) {
    const int at = quad_at(quad, c);
    vec4 v = tensor_quad(a, at) + tensor_quad(b, at);
    if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u)
      bits |= open_quad(v, p.low, p.high, c);
    if ((EPILOGUE & EPILOGUE_RELU) != 0u)
      v = clamp(v, p.low, p.high);
    store_quad(v, at, quad.count);
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u)
    store_mask_quad(bits, mask_word(quad.n, p.channels, quad.first, quad.pixel, p.pixels), quad.count);
}
