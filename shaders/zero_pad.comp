// Zero padding; with negative pads a crop, which is the gradient of padding. One thread does four pixels of a row, in
// CHANNELS channels one after another.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool ALIGNED = false; // rows of outputs are whole quads
layout(push_constant) uniform Push { PadParams p; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) restrict buffer Outputs { float outputs[]; };
layout(binding = 1) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 2) restrict buffer Mask { uint mask[]; };
layout(binding = 2) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int STEP = 1;
const int CHANNELS = THREAD_CHANNELS;
#include "mask_quads.glsl"
#include "quads.glsl"
#include "gradient_quads.glsl"

void main() {
  const int runs = (p.out_w + 3) / 4;
  const int tiles = (p.channels + CHANNELS - 1) / CHANNELS;
  const int thread = linear_item();
  if (thread >= p.batch * tiles * p.out_h * runs)
    return;
  const int ox = thread % runs * 4;
  const int oy = thread / runs % p.out_h;
  const int first = thread / runs / p.out_h % tiles * CHANNELS;
  const int n = thread / runs / p.out_h / tiles;

  const int pixels = p.out_h * p.out_w;
  const int pixel = oy * p.out_w + ox;
  const int count = min(4, p.out_w - ox);
  const int iy = oy - p.top, ix = ox - p.left;
  const uint columns = uint(iy) < uint(p.in_h) ? uint(p.in_w) : 0u;
  const int last = (p.batch * p.channels * p.in_h * p.in_w - 1) / 4;
  const uvec4 open = open_pixels(mask_word(n, p.channels, first, pixel, pixels), count);
  [[dont_unroll]] for (int c = first; c < min(first + CHANNELS, p.channels); ++c) {
    const int plane = n * p.channels + c;
    vec4 v = load_quad(inputs, (plane * p.in_h + iy) * p.in_w + ix, last);
    [[unroll]] for (int r = 0; r < 4; ++r)
      v[r] = uint(ix + r) < columns ? v[r] : 0.0;
    store_gradient(v, open, c, plane * pixels + pixel, count);
  }
}
