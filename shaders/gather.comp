// Slice, padding and resize, forward and backward. Where they move whole planes, a thread does four pixels of CHANNELS
// channels.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "texels.glsl"

layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool PLANES = false;  // rows and columns stay as they are
layout(constant_id = 2) const bool ALIGNED = false; // PLANES, and they are whole quads
QUAD_BUFFER(0, inputs);
layout(binding = 3) restrict buffer Outputs { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 4) restrict buffer Mask { uint mask[]; };
layout(binding = 4) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#define NUMBER float
#define INPUT(at) FETCH(inputs, (at) / 4)[(at) % 4]
#include "gather.glsl"
const int STEP = 1;
#include "mask_quads.glsl"
#include "quads.glsl"
#include "gradient_quads.glsl"
const int CHANNELS = THREAD_CHANNELS;

void planes() {
  const int pixels = p.out_h * p.out_w;
  const int quads = (pixels + 3) / 4, tiles = (p.out_c + CHANNELS - 1) / CHANNELS;
  const int item = linear_item();
  if (item >= p.batch * tiles * quads)
    return;
  const int pixel = item % quads * 4, first = item / quads % tiles * CHANNELS, n = item / quads / tiles;
  const int count = min(4, pixels - pixel), last = (p.batch * p.in_c * pixels - 1) / 4;
  const uvec4 open = open_pixels(mask_word(n, p.out_c, first, pixel, pixels), count);
  [[dont_unroll]] for (int c = first; c < min(first + CHANNELS, p.out_c); ++c) {
    vec4 v = vec4(starts[c] == starts[c + 1] ? p.value : 0.0);
    for (int i = starts[c]; i < starts[c + 1]; ++i) {
      const int from = (n * p.in_c + taps[i].index) * pixels + pixel;
      v += taps[i].weight * (ALIGNED ? FETCH(inputs, from / 4) : load_quad(inputs, from, last));
    }
    store_gradient(v, open, c, (n * p.out_c + c) * pixels + pixel, count);
  }
}

void elements() {
  const int pixels = p.out_h * p.out_w;
  const int item = linear_item();
  if (item >= p.batch * p.out_c * pixels)
    return;
  store_gradient_at(vec4(gathered(item)), item, p.out_c, pixels);
}

void main() {
  if (PLANES)
    planes();
  else
    elements();
}
