// Gradient of a max pool as a gather: an input pixel collects from the windows whose maximum it was.
// One thread does PIXELS pixels of a row, in CHANNELS channels one after another.
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
layout(constant_id = 5) const int QUADS = 2;        // of pixels, a thread
// The same outputs and taps reach a pixel in every thread: by how they are spaced. A width of 0: any window.
layout(constant_id = 6) const int KERNEL_W = 0;
layout(constant_id = 7) const int POOL_STRIDE_W = 1; // divides PIXELS
layout(constant_id = 8) const int PHASE = 0;         // pad_left % POOL_STRIDE_W
layout(constant_id = 9) const int SHIFT = -1;        // of window.glsl
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
#include "gradient_quads.glsl"

const int PIXELS = 4 * QUADS;
float sums[PIXELS];

// The outputs that reach a thread's pixels, where that is the same for all: the first is BEFORE the one whose window begins
// PHASE columns before the pixels.
const int BEFORE = KERNEL_W > PHASE ? (KERNEL_W - 1 - PHASE) / POOL_STRIDE_W : 0;
const int RUN = BEFORE + (PHASE + PIXELS - 1) / POOL_STRIDE_W + 1;
const int TAPS = 1, STRIDE_W = 1, DILATION_W = 1;
#include "window.glsl"

// What row oy of a plane's outputs, `row` of all, gives to pixels ix .. ix + PIXELS - 1 through row ky of the kernel.
void collect_run(int row, int ky, int ix, int last) {
  int first = (ix + p.pad_left - PHASE) / POOL_STRIDE_W - BEFORE;
  load_window(row * p.out_w, first, uint(p.out_w), last);
  int words = arg_words_a_row(p.out_w);
  uint shift = uint(first) % uint(PACK) * ARG_BITS;
  uint word = 0u, next = arg[row * words + clamp(first >> 3, 0, words - 1)], taps = 0u;
  [[unroll]] for (int m = 0; m < RUN; ++m) {
    if (m % PACK == 0) {
      word = next;
      next = arg[row * words + clamp((first >> 3) + m / PACK + 1, 0, words - 1)];
      taps = word >> shift | next << 1 << (31u - shift);
    }
    int kx = int(taps >> (uint(m % PACK) * ARG_BITS) & ARG_MASK) - ky * KERNEL_W;
    [[unroll]] for (int r = 0; r < PIXELS; ++r) {
      int wanted = PHASE + r - (m - BEFORE) * POOL_STRIDE_W;
      if (wanted >= 0 && wanted < KERNEL_W)
        sums[r] += kx == wanted ? in_window(m) : 0.0;
    }
  }
}

// The same for any window; columns.x .. columns.y are the outputs that reach the pixels. Four of them at once: a quad has its
// arg-max in one word, or one each.
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
      [[unroll]] for (int r = 0; r < PIXELS; ++r)
        sums[r] += to == r ? dy[m] : 0.0;
    }
  }
}

void main() {
  const int runs = (p.in_w + PIXELS - 1) / PIXELS;
  const int tiles = (p.channels + CHANNELS - 1) / CHANNELS;
  const int thread = linear_item();
  if (thread >= p.batch * tiles * p.in_h * runs)
    return;
  const int ix = thread % runs * PIXELS;
  const int iy = thread / runs % p.in_h;
  const int first = thread / runs / p.in_h % tiles * CHANNELS;
  const int n = thread / runs / p.in_h / tiles;

  const int pixels = p.in_h * p.in_w;
  const int pixel = iy * p.in_w + ix;
  const int last = (p.batch * p.channels * p.out_h * p.out_w - 1) / 4;
  const ivec2 rows = reach(iy, p.pad_top, p.kernel_h, p.dilation_h, p.stride_h, p.out_h);
  const ivec2 columns = ivec2(reach(ix, p.pad_left, p.kernel_w, p.dilation_w, p.stride_w, p.out_w).x,
                              reach(ix + PIXELS - 1, p.pad_left, p.kernel_w, p.dilation_w, p.stride_w, p.out_w).y);
  uvec4 open[QUADS];
  [[unroll]] for (int q = 0; q < QUADS; ++q)
    if (ix + 4 * q < p.in_w)
      open[q] = open_pixels(mask_word(n, p.channels, first, pixel + 4 * q, pixels), p.in_w - ix - 4 * q);
  [[dont_unroll]] for (int c = first; c < min(first + CHANNELS, p.channels); ++c) {
    [[unroll]] for (int r = 0; r < PIXELS; ++r)
      sums[r] = 0.0;
    const int plane = n * p.channels + c;
    [[dont_unroll]] for (int oy = rows.x; oy <= rows.y; ++oy) {
      const int y = iy + p.pad_top - oy * p.stride_h;
      if (KERNEL_W > 0)
        collect_run(plane * p.out_h + oy, y, ix, last);
      else if (y % p.dilation_h == 0)
        collect(plane * p.out_h + oy, y / p.dilation_h, ix, columns, last);
    }
    [[unroll]] for (int q = 0; q < QUADS; ++q)
      if (ix + 4 * q < p.in_w) {
        const int at = plane * pixels + pixel + 4 * q;
        const int count = min(4, p.in_w - ix - 4 * q);
        const vec4 v = vec4(sums[4 * q], sums[4 * q + 1], sums[4 * q + 2], sums[4 * q + 3]);
        store_gradient(v, open[q], c, at, count);
      }
  }
}
