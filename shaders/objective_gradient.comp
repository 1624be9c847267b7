// The gradient of all terms that read one layer, with respect to its output. One thread does four neighbouring pixels of
// CHANNELS channels.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool ALIGNED = false; // the layer's pixels are a multiple of 4
layout(push_constant) uniform Push { ObjectiveParams p; };
layout(binding = 0) readonly restrict buffer Layer { float layer[]; };
layout(binding = 0) readonly restrict buffer LayerVectors { vec4 layer_vectors[]; };
layout(binding = 1) readonly buffer Terms { ObjectiveTerm terms[]; };
layout(binding = 2) restrict buffer Outputs { float outputs[]; };
layout(binding = 2) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 3) restrict buffer Mask { uint mask[]; };
layout(binding = 3) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int CHANNELS = THREAD_CHANNELS, STEP = 1;
#include "quads.glsl"
#include "mask_quads.glsl"
#include "gradient_quads.glsl"

void main() {
  const int pixels = p.rows * p.columns, quads = (pixels + 3) / 4;
  const int i = item_of_image(), n = int(gl_WorkGroupID.y);
  const int first = i / quads * CHANNELS, pixel = i % quads * 4;
  const int channels = min(CHANNELS, p.channels - first), count = min(4, pixels - pixel);
  if (channels <= 0)
    return;
  const int at = (n * p.channels + first) * pixels + pixel;
  ivec4 x, y;
  x[0] = pixel % p.columns;
  y[0] = pixel / p.columns;
  [[unroll]] for (int r = 1; r < 4; ++r) {
    const bool next_row = x[r - 1] + 1 == p.columns;
    x[r] = next_row ? 0 : x[r - 1] + 1;
    y[r] = next_row ? y[r - 1] + 1 : y[r - 1];
  }
  vec4 g[CHANNELS];
  [[unroll]] for (int c = 0; c < CHANNELS; ++c)
    g[c] = vec4(0);
  for (int j = 0; j < p.count; ++j) {
    const ObjectiveTerm t = terms[n * p.count + j];
    vec4 inside;
    [[unroll]] for (int r = 0; r < 4; ++r)
      inside[r] = uint(x[r] - t.x) < uint(t.width) && uint(y[r] - t.y) < uint(t.height) ? t.weight : 0.0;
    [[unroll]] for (int c = 0; c < CHANNELS; ++c)
      if (t.kind == TERM_MEAN_SQUARE) {
        if (c < channels)
          g[c] += t.weight * 2.0 * READ_QUAD(vec4, layer, layer_vectors, at + c * pixels, count);
      } else if (t.channel == first + c) {
        g[c] += inside;
      }
  }
  const uvec4 open = open_pixels(mask_word(n, p.channels, first, pixel, pixels), count);
  [[unroll]] for (int c = 0; c < CHANNELS; ++c)
    if (c < channels)
      store_gradient(g[c], open, first + c, at + c * pixels, count);
}
