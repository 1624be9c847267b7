// Gradient of a max pool as a gather: an input pixel collects from the windows whose maximum it was.
// One thread does RUN pixels of a row, in CHANNELS channels one after another.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"
#include "linear.glsl"
#include "reach.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 2) const int CHANNELS = 32;    // that share words of the mask: a divisor of 32
layout(constant_id = 3) const bool ALIGNED = false; // rows of inputs are whole quads
layout(constant_id = 4) const bool ALIGNED_OUT = false; // rows of the pool's outputs are
layout(constant_id = 5) const int QUADS = 2; // a thread
layout(push_constant) uniform Push { PoolParams p; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) readonly buffer Arg { uint arg[]; };
layout(binding = 2) restrict buffer Outputs { float outputs[]; };
layout(binding = 2) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 3) restrict buffer Mask { uint mask[]; };
layout(binding = 3) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int STEP = 1;
#include "arg_max.glsl"
#include "mask_quads.glsl"
#include "quads.glsl"

const int RUN = 4 * QUADS;
float sums[RUN];

// What the outputs of row oy of a plane give to pixels ix .. ix + RUN - 1, through row ky of the kernel; columns.x ..
// columns.y are those that reach them. Four outputs at once: a quad of them has its arg-max in one word, or one each.
void collect(int row, int ky, int ix, ivec2 columns, int last) {
  [[dont_unroll]] for (int ox = columns.x & ~3; ox <= columns.y; ox += 4) {
    int at = row * p.out_w + ox;
    vec4 dy = ALIGNED_OUT ? FETCH(inputs, at / 4) : load_quad(inputs, at, last);
    int words = row * arg_words_a_row(p.out_w);
    uint word = arg[words + ox / PACK];
    [[unroll]] for (int m = 0; m < 4; ++m) {
      if (PACK == 1)
        word = arg[words + min(ox + m, p.out_w - 1)];
      uint tap = word >> (uint((ox + m) % PACK) * ARG_BITS & 31u) & ARG_MASK;
      int kx = int(tap) - ky * p.kernel_w;
      bool here = ox + m < p.out_w && uint(kx) < uint(p.kernel_w);
      int to = (ox + m) * p.stride_w - p.pad_left + kx * p.dilation_w - ix;
      to = here ? to : -1;
      [[unroll]] for (int r = 0; r < RUN; ++r)
        sums[r] += to == r ? dy[m] : 0.0;
    }
  }
}

void main() {
  const int runs = (p.in_w + RUN - 1) / RUN;
  const int tiles = (p.channels + CHANNELS - 1) / CHANNELS;
  const int thread = linear_item();
  if (thread >= p.batch * tiles * p.in_h * runs)
    return;
  const int ix = thread % runs * RUN;
  const int iy = thread / runs % p.in_h;
  const int first = thread / runs / p.in_h % tiles * CHANNELS;
  const int n = thread / runs / p.in_h / tiles;

  const int pixels = p.in_h * p.in_w;
  const int pixel = iy * p.in_w + ix;
  const int last = (p.batch * p.channels * p.out_h * p.out_w - 1) / 4;
  const ivec2 rows = reach(iy, p.pad_top, p.kernel_h, p.dilation_h, p.stride_h, p.out_h);
  const ivec2 columns = ivec2(reach(ix, p.pad_left, p.kernel_w, p.dilation_w, p.stride_w, p.out_w).x,
                              reach(ix + RUN - 1, p.pad_left, p.kernel_w, p.dilation_w, p.stride_w, p.out_w).y);
  uvec4 open[QUADS];
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0u) {
    [[unroll]] for (int q = 0; q < QUADS; ++q)
      if (ix + 4 * q < p.in_w)
        open[q] = read_mask_quad(mask_word(n, p.channels, first, pixel + 4 * q, pixels), p.in_w - ix - 4 * q);
  }
  [[dont_unroll]] for (int c = first; c < min(first + CHANNELS, p.channels); ++c) {
    [[unroll]] for (int r = 0; r < RUN; ++r)
      sums[r] = 0.0;
    const int plane = n * p.channels + c;
    [[dont_unroll]] for (int oy = rows.x; oy <= rows.y; ++oy) {
      const int y = iy + p.pad_top - oy * p.stride_h;
      if (y % p.dilation_h == 0)
        collect(plane * p.out_h + oy, y / p.dilation_h, ix, columns, last);
    }
    [[unroll]] for (int q = 0; q < QUADS; ++q)
      if (ix + 4 * q < p.in_w) {
        const int at = plane * pixels + pixel + 4 * q;
        const int count = min(4, p.in_w - ix - 4 * q);
        vec4 v = vec4(sums[4 * q], sums[4 * q + 1], sums[4 * q + 2], sums[4 * q + 3]);
        if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
          v += read_quad(at, count);
        if ((EPILOGUE & EPILOGUE_MASK_READ) != 0u)
          v = masked_quad(v, open[q], c);
        store_quad(v, at, count);
      }
  }
}
