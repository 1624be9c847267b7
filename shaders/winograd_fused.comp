// Winograd's F(2x2,3x3) (winograd.glsl) in one kernel, for GPUs: windows and filters are transformed on their way into
// shared memory, so that only the convolution's own tensors and weights pass through the device's.
//
//   16 products, one for each element of a transformed tile:
//   M (channels x tiles) = U (channels x in_c) * V (in_c x tiles)
//
//             TILES = LANES * THREAD_N
//           +-------------------------+
//  CHANNELS |  a thread does THREAD_M |   a workgroup does such a block of all 16, LANES * LANES threads each; DEPTH input
//     =     |  x THREAD_N sums of one |   channels at a time pass through shared memory, where at last the elements of a
//   LANES * |  element                |   tile come together
//  THREAD_M +-------------------------+
//
// Neighbouring threads have neighbouring tiles where inputs are read and outputs written. Where so few blocks would leave a
// GPU idle, the input channels are cut in PARTS, whose sums shaders/conv_parts.comp adds up and finishes. Every sum runs
// over them in one order, whatever the batch: a unit alone equals itself in a batch.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"

layout(local_size_x = WINOGRAD_THREADS) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int TILES = 32; // or 16
layout(constant_id = 2) const int PARTS = 1;
layout(constant_id = 3) const bool AHEAD = true; // loads are under way while the step before is multiplied, in registers
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; }; // (blocks, steps of DEPTH, 9, DEPTH, CHANNELS)
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) buffer Outputs { float outputs[]; }; // or the sums of the parts
layout(binding = 4) readonly buffer Residual { float residual[]; };
layout(binding = 5) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"
#include "conv_parts.glsl"
const int TILE = 2, KERNEL = 3;
#define Elements float
#include "winograd.glsl"
#include "winograd_tiles.glsl"

const int CHANNELS = WINOGRAD_CHANNELS, DEPTH = WINOGRAD_DEPTH;
const int LANES = 4;
const int THREAD_M = CHANNELS / LANES, THREAD_N = TILES / LANES;
const int QUADS_M = THREAD_M / 4, QUADS_N = THREAD_N / 4; // fours of channels and of tiles, LANES of them side by side
const int FIRST_V = DEPTH * QUADS_M * 16 * LANES;
// A row of U or V is (QUADS, 16 elements, LANES) quads. Afterwards the sums are here, a few channels at a time.
const int CHANNELS_AT_ONCE = WINOGRAD_THREADS / TILES;
const int ROWS_AT_ONCE = CHANNELS_AT_ONCE / LANES; // of a thread's THREAD_M
shared vec4 quads[WINOGRAD_THREADS * 4];

// G g, of three taps.
vec4 transform_taps(float a, float b, float c) {
  const float ends = 0.5 * (a + c), middle = 0.5 * b;
  return vec4(a, ends + middle, ends - middle, c);
}

// Of the first nine elements of `tile`, a filter.
void transform_filter() {
  vec4 columns[3];
  [[unroll]] for (int x = 0; x < 3; ++x)
    columns[x] = transform_taps(tile[x], tile[3 + x], tile[6 + x]);
  [[unroll]] for (int y = 0; y < 4; ++y) {
    const vec4 row = transform_taps(columns[0][y], columns[1][y], columns[2][y]);
    [[unroll]] for (int x = 0; x < 4; ++x)
      tile[4 * y + x] = row[x];
  }
}

// What a thread loads in each step: the first ones the window of a tile in one of DEPTH channels, the next ones the filter
// of an output channel, the rest nothing. Tiles beyond the last image are the last image's, channels beyond the last (whose
// filters are 0), rows and columns the nearest there is: no address is out of range.
const bool ALL_LOAD = DEPTH * (TILES + CHANNELS) == WINOGRAD_THREADS;
bool has_window, has_filter;
int row;                // of V or U
int rows[4], columns[4]; // addresses of a window's
int inside;             // a bit an element of it; sixteen bools would be sixteen registers on some GPUs
int filter_at;          // of the first step

void find_operands(int thread, int steps, int block, int n, int top, int left) {
  const int item = thread < DEPTH * TILES ? thread : thread - DEPTH * TILES;
  has_window = thread < DEPTH * TILES;
  has_filter = !has_window && (ALL_LOAD || item < DEPTH * CHANNELS);
  row = has_window ? item / TILES : item / CHANNELS;
  filter_at = block * steps * 9 * DEPTH * CHANNELS + item;
  inside = 0;
  [[unroll]] for (int i = 0; i < 4; ++i) {
    rows[i] = p.in_base + min(n, p.batch - 1) * p.in_batch_stride + clamp(top + i, 0, p.in_h - 1) * p.in_w;
    columns[i] = clamp(left + i, 0, p.in_w - 1);
    [[unroll]] for (int j = 0; j < 4; ++j)
      inside |= uint(top + i) < uint(p.in_h) && uint(left + j) < uint(p.in_w) ? 1 << (4 * i + j) : 0;
  }
}

void transform_window() {
  [[unroll]] for (int i = 0; i < 16; ++i)
    tile[i] = intBitsToFloat(floatBitsToInt(tile[i]) & bitfieldExtract(inside, i, 1)); // all ones, or 0
  [[unroll]] for (int i = 0; i < 4; ++i)
    transform_input(4 * i, 1);
  [[unroll]] for (int i = 0; i < 4; ++i)
    transform_input(i, 4);
}

void load(int step) {
  if (has_window) {
    const int plane = min(step * DEPTH + row, p.in_c - 1) * p.in_h * p.in_w;
    [[unroll]] for (int i = 0; i < 16; ++i)
      tile[i] = inputs[plane + rows[i / 4] + columns[i % 4]];
  } else {
    [[unroll]] for (int i = 0; i < 16; ++i)
      tile[i] = 0.0;
    if (ALL_LOAD || has_filter)
      [[unroll]] for (int i = 0; i < 9; ++i)
        tile[i] = weights[filter_at + (step * 9 + i) * DEPTH * CHANNELS];
  }
}

// The elements of a transformed window or filter, the first of them in quad `to`.
void put(int to, int component) {
  [[unroll]] for (int i = 0; i < 16; ++i)
    quads[to + i * LANES][component] = tile[i];
}

// Stores what becomes of `tile`: 2 x 2 outputs from (oy, ox) on, as far as there are.
void finish_tile(int n, int c, int oy, int ox, int part) {
  [[unroll]] for (int y = 0; y < 4; ++y)
    transform_output(4 * y, 1);
  [[unroll]] for (int x = 0; x < 2; ++x)
    transform_output(x, 4);
  const int pixels = p.out_h * p.out_w, pixel = oy * p.out_w + ox;
  const int bit = mask_channel(c, pixels);
  const int index = p.out_base + n * p.out_batch_stride + c * pixels + pixel;
  const int beside = (n * p.out_c + c) * pixels + pixel;
  const int word = output_word(n, bit, pixel, pixels);
  const int sum = conv_part(part, n, 0, c, oy, ox);
  [[unroll]] for (int y = 0; y < 2; ++y)
    [[unroll]] for (int x = 0; x < 2; ++x)
      if (oy + y < p.out_h && ox + x < p.out_w) {
        const int next = y * p.out_w + x;
        if (PARTS == 1)
          finish_conv(tile[4 * y + x], c, bit, index + next, beside + next, word + next);
        else
          outputs[sum + next] = tile[4 * y + x];
      }
}

void main() {
  const int thread = int(gl_LocalInvocationID.x);
  const int block = int(gl_WorkGroupID.y) / PARTS;
  const int part = int(gl_WorkGroupID.y) % PARTS;
  const int steps = (p.in_c + DEPTH - 1) / DEPTH;
  const int begin = part * steps / PARTS, end = (part + 1) * steps / PARTS;

  const int tile_index = int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * TILES + thread % TILES;
  const Place at = place_of(tile_index);
  const int n = at.n, oy = at.y, ox = at.x;

  find_operands(thread, steps, block, n, oy - p.pad_top, ox - p.pad_left);
  const int column = thread % (has_window ? TILES : CHANNELS); // which divides DEPTH * TILES
  const int to = (has_window ? FIRST_V + row * QUADS_N * 16 * LANES : row * QUADS_M * 16 * LANES) +
                 column / (4 * LANES) * 16 * LANES + column / 4 % LANES;

  const int element = thread / (LANES * LANES);
  const int lane_m = thread / LANES % LANES, lane_n = thread % LANES;
  vec4 sums[THREAD_M * QUADS_N];
  [[unroll]] for (int i = 0; i < THREAD_M * QUADS_N; ++i)
    sums[i] = vec4(0);

  if (AHEAD)
    load(begin);
  for (int step = begin; step < end; ++step) {
    if (!AHEAD)
      load(step);
    if (has_window) {
      transform_window();
      put(to, column % 4);
    } else if (ALL_LOAD || has_filter) {
      transform_filter();
      put(to, column % 4);
    }
    barrier();
    if (AHEAD)
      load(min(step + 1, end - 1));
    [[unroll]] for (int k = 0; k < DEPTH; ++k) {
      vec4 u[QUADS_M];
      [[unroll]] for (int i = 0; i < QUADS_M; ++i)
        u[i] = quads[((k * QUADS_M + i) * 16 + element) * LANES + lane_m];
      [[unroll]] for (int j = 0; j < QUADS_N; ++j) {
        const vec4 v = quads[FIRST_V + ((k * QUADS_N + j) * 16 + element) * LANES + lane_n];
        [[unroll]] for (int i = 0; i < THREAD_M; ++i)
          sums[i * QUADS_N + j] += u[i / 4][i % 4] * v;
      }
    }
    barrier();
  }

  for (int some = 0; some < THREAD_M / ROWS_AT_ONCE; ++some) {
    [[unroll]] for (int i = 0; i < THREAD_M; ++i)
      if (i / ROWS_AT_ONCE == some)
        [[unroll]] for (int j = 0; j < QUADS_N; ++j)
          quads[(element * CHANNELS_AT_ONCE + lane_m * ROWS_AT_ONCE + i % ROWS_AT_ONCE) * (TILES / 4) + j * LANES +
                lane_n] = sums[i * QUADS_N + j];
    barrier();
    const int i = some * ROWS_AT_ONCE + thread / TILES % ROWS_AT_ONCE;
    const int c = block * CHANNELS + i / 4 * 4 * LANES + thread / TILES / ROWS_AT_ONCE * 4 + i % 4;
    if (n < p.batch && c < p.out_c) {
      [[unroll]] for (int e = 0; e < 16; ++e)
        tile[e] = quads[(e * WINOGRAD_THREADS + thread) / 4][thread % 4];
      finish_tile(n, c, oy, ox, part);
    }
    barrier();
  }
}
