// Convolution as an implicit GEMM through shared memory, for GPUs.
//
//   C (out_c x positions) = A (out_c x K) * B (K x positions),  positions = n, oy, ox
//
//            positions: TILE_N = LANES_N * THREAD_N
//           +-------------------------------+   a workgroup of LANES_M * LANES_N threads does one tile, TILE_K rows of
//    TILE_M |  a thread does THREAD_M x     |   A and B at a time: while those in shared memory are multiplied, the
//      =    |  THREAD_N values, in quads    |   next are on their way into registers. The sums leave through shared
//  LANES_M* |  that lie LANES quads apart   |   memory, too, so that neighbouring threads write neighbours
//  THREAD_M +-------------------------------+
//
// K is chunks of CHUNK input channels of one tap: (in_c / CHUNK, ky, kx, CHUNK). So a thread, which loads one position's
// column of B, finds where that lies once; from step to step only the tap moves, and where CHUNK is TILE_K it is one for
// the whole workgroup. MATRIX: 1x1 kernels that meet every pixel once, whose pixels are loaded four at a time.
//
// Where so few tiles would leave a GPU idle, K is cut in PARTS, whose sums shaders/conv_parts.comp adds up and finishes.
// Every sum runs over K in one order, whatever the batch: a unit alone equals itself in a batch. A channel's taps, if few,
// are in one part, so that what a single channel gives is the same whichever others there are.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"

layout(local_size_x_id = 8) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const uint KERNEL_H = 1u;
layout(constant_id = 2) const uint KERNEL_W = 1u;
layout(constant_id = 3) const uint LANES_M = 8u;
layout(constant_id = 4) const uint LANES_N = 8u;
layout(constant_id = 5) const uint THREAD_M = 4u; // multiples of 4
layout(constant_id = 6) const uint THREAD_N = 4u;
layout(constant_id = 7) const uint TILE_K = 16u;
layout(constant_id = 9) const uint PARTS = 1u;
layout(constant_id = 10) const bool HALVES = false;
layout(constant_id = 11) const uint CHUNK = 16u;    // a multiple of 4, a divisor of TILE_K
layout(constant_id = 12) const bool WHOLE = true;   // in_c is a multiple of CHUNK
layout(constant_id = 13) const bool MATRIX = false; // and every plane begins at a multiple of 4 elements
layout(constant_id = 14) const uint UNROLL = 16u;   // rows of a step whose products are unrolled
layout(constant_id = 15) const bool AHEAD = true;   // else a tile is loaded when the one before it is done with
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 0) readonly buffer InputQuads { vec4 input_quads[]; };
// (groups, tiles of TILE_M output channels, K up to TILE_K, TILE_M), floats or halves
layout(binding = 1) readonly buffer WeightQuads { vec4 weight_quads[]; };
layout(binding = 1) readonly buffer HalfWeightQuads { uvec2 half_weight_quads[]; };
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) buffer Outputs { float outputs[]; }; // or the sums of the parts
layout(binding = 4) readonly buffer Residual { float residual[]; };
layout(binding = 5) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"
#include "conv_parts.glsl"

const uint THREADS = LANES_M * LANES_N;
const uint QUADS_M = LANES_M * THREAD_M / 4; // of a row of A
const uint QUADS_N = LANES_N * THREAD_N / 4; // of a row of B
const uint TILE_M = QUADS_M * 4;
const uint TILE_N = QUADS_N * 4;
const uint TILE_A = TILE_K * QUADS_M;
const uint TILE_B = TILE_K * QUADS_N;
const uint LOADS_A = TILE_A / THREADS; // quads that a thread loads
const uint LOADS_B = TILE_B / THREADS;
// Rows that all threads load at once: of pixels in quads, of quads of channels.
const uint MATRIX_ROWS = THREADS / QUADS_N;
const uint CHANNEL_ROWS = THREADS / TILE_N * 4;
// Chunks of K that a step has, and by how many channels, rows of taps and taps it moves on.
const uint CHUNKS = TILE_K / CHUNK;
const uint TAPS = KERNEL_H * KERNEL_W;
const uint PIECE = TAPS > UNCUT_TAPS ? 1 : TAPS; // steps that begin with a channel, and that no part cuts
const uint STEP_C = CHUNKS / TAPS * CHUNK;
const uint STEP_Y = CHUNKS % TAPS / KERNEL_W;
const uint STEP_X = CHUNKS % KERNEL_W;
// Chunks that a thread is at: one where the workgroup is at one.
const uint PLACES = CHUNKS == 1 ? 1 : LOADS_B;
// A thread's rows of sums that shared memory takes at once.
const uint MOST_ROWS = (TILE_A + TILE_B) / (LANES_M * QUADS_N);
const uint ROWS = MOST_ROWS >= 4 ? 4 : MOST_ROWS >= 2 ? 2 : 1;

shared vec4 tile[TILE_A + TILE_B]; // A, B; at last sums
vec4 next_a[LOADS_A];
vec4 next_b[LOADS_B];
vec4 sums[THREAD_M * THREAD_N / 4];

uint thread;
uint next_weight, next_input;                      // addresses of a thread's first quad and pixel
uint y0, x0;                                       // of the pixel, at the kernel's first tap
uint next_channel[PLACES], ky[PLACES], kx[PLACES]; // of a chunk: its first channel and its tap

// `position` is what the thread loads; those beyond the last have no place, but are never stored either.
void find_place(uint position, uint g, uint first_step) {
  const uint pixels = p.out_h * p.out_w;
  const uint plane = p.in_h * p.in_w;
  position = min(position, p.batch * pixels - 1);
  const uint pixel = position % pixels;
  next_input = p.in_base + position / pixels * p.in_batch_stride + g * p.in_c * plane;
  if (MATRIX) {
    next_channel[0] = thread / QUADS_N + first_step * TILE_K;
    next_input = (next_input + pixel) / 4 + next_channel[0] * (plane / 4);
    return;
  }
  y0 = pixel / p.out_w * p.stride_h - p.pad_top;
  x0 = pixel % p.out_w * p.stride_w - p.pad_left;
  next_input += thread / TILE_N * 4 % CHUNK * plane + y0 * p.in_w + x0;
  [[unroll]] for (uint i = 0; i < PLACES; ++i) {
    const uint chunk = first_step * CHUNKS + (CHUNKS == 1 ? 0 : (i * CHANNEL_ROWS + thread / TILE_N * 4) / CHUNK);
    next_channel[i] = chunk / TAPS * CHUNK;
    ky[i] = chunk % TAPS / KERNEL_W;
    kx[i] = chunk % KERNEL_W;
  }
}

void load_a() {
  [[unroll]] for (uint i = 0; i < LOADS_A; ++i) {
    if (HALVES) {
      const uvec2 quad = half_weight_quads[next_weight + i * THREADS];
      next_a[i] = vec4(unpackHalf2x16(quad.x), unpackHalf2x16(quad.y));
    } else {
      next_a[i] = weight_quads[next_weight + i * THREADS];
    }
  }
}

// Four pixels of one channel.
void load_matrix() {
  const uint quads = p.in_h * p.in_w / 4;
  [[unroll]] for (uint i = 0; i < LOADS_B; ++i) {
    if (WHOLE || next_channel[0] + i * MATRIX_ROWS < p.in_c)
      next_b[i] = input_quads[next_input + i * MATRIX_ROWS * quads];
    else
      next_b[i] = vec4(0.0);
  }
}

// Four channels of one pixel.
void load_inputs() {
  const uint plane = p.in_h * p.in_w;
  [[unroll]] for (uint i = 0; i < PLACES; ++i) {
    const uint dy = KERNEL_H == 1 ? 0 : ky[i] * p.dilation_h;
    const uint dx = KERNEL_W == 1 ? 0 : kx[i] * p.dilation_w;
    const uint tap = next_channel[i] * plane + dy * p.in_w + dx; // the workgroup's, where PLACES is 1
    const uint first = next_input + tap;
    const bool inside = y0 + dy < p.in_h && x0 + dx < p.in_w && (CHUNKS == 1 || next_channel[i] < p.in_c);
    [[unroll]] for (uint j = 0; j < LOADS_B / PLACES; ++j)
      next_b[i + j] = vec4(0.0);
    if (inside)
      [[unroll]] for (uint j = 0; j < LOADS_B / PLACES; ++j)
        [[unroll]] for (uint c = 0; c < 4; ++c) {
          const uint row = (i + j) * CHANNEL_ROWS % CHUNK + c;
          if (WHOLE || next_channel[i] + thread / TILE_N * 4 % CHUNK + row < p.in_c)
            next_b[i + j][c] = inputs[first + row * plane];
        }
  }
}

void load_b() {
  if (MATRIX)
    load_matrix();
  else
    load_inputs();
}

void move_on() {
  next_weight += TILE_A;
  if (MATRIX) {
    next_channel[0] += TILE_K;
    next_input += TILE_K * (p.in_h * p.in_w / 4);
    return;
  }
  [[unroll]] for (uint i = 0; i < PLACES; ++i) {
    kx[i] += STEP_X;
    ky[i] += STEP_Y;
    next_channel[i] += STEP_C;
    if (KERNEL_W > 1 && kx[i] >= KERNEL_W) {
      kx[i] -= KERNEL_W;
      ++ky[i];
    }
    if (ky[i] >= KERNEL_H) {
      ky[i] -= KERNEL_H;
      next_channel[i] += CHUNK;
    }
  }
}

void share_a() {
  [[unroll]] for (uint i = 0; i < LOADS_A; ++i)
    tile[i * THREADS + thread] = next_a[i];
}

void share_b() {
  [[unroll]] for (uint i = 0; i < LOADS_B; ++i) {
    if (MATRIX)
      tile[TILE_A + i * THREADS + thread] = next_b[i];
    else
      [[unroll]] for (uint c = 0; c < 4; ++c)
        tile[TILE_A + (i * CHANNEL_ROWS + c) * QUADS_N + thread / TILE_N * 4 * QUADS_N + thread % TILE_N / 4]
            [thread % 4] = next_b[i][c];
  }
}

void multiply() {
  const uint lane_m = thread / LANES_N;
  const uint lane_n = thread % LANES_N;
  for (uint first = 0; first < TILE_K; first += UNROLL)
    [[unroll]] for (uint more = 0; more < UNROLL; ++more) {
      const uint k = first + more;
      vec4 b[THREAD_N / 4];
      [[unroll]] for (uint j = 0; j < THREAD_N / 4; ++j)
        b[j] = tile[TILE_A + k * QUADS_N + j * LANES_N + lane_n];
      [[unroll]] for (uint i = 0; i < THREAD_M; i += 4) {
        const vec4 a = tile[k * QUADS_M + i / 4 * LANES_M + lane_m];
        [[unroll]] for (uint c = 0; c < 4; ++c)
          [[unroll]] for (uint j = 0; j < THREAD_N / 4; ++j)
            sums[(i + c) * (THREAD_N / 4) + j] += a[c] * b[j];
      }
    }
}

// Through shared memory, whole rows of the sums at a time: neighbouring threads write neighbouring positions.
void store(uint first_n, uint first_m, uint g, uint part) {
  const uint position = first_n + thread % TILE_N;
  const uint pixels = p.out_h * p.out_w;
  const int n = int(position / pixels);
  const int oy = int(position % pixels / p.out_w);
  const int ox = int(position % p.out_w);
  for (uint first = 0; first < THREAD_M; first += ROWS) {
    [[unroll]] for (uint i = 0; i < THREAD_M; ++i)
      if (i / ROWS * ROWS == first)
        [[unroll]] for (uint j = 0; j < THREAD_N / 4; ++j)
          tile[(i % ROWS * LANES_M + thread / LANES_N) * QUADS_N + j * LANES_N + thread % LANES_N] =
              sums[i * (THREAD_N / 4) + j];
    barrier();
    for (uint row = thread / TILE_N; row < ROWS * LANES_M; row += THREADS / TILE_N) {
      const uint i = first + row / LANES_M;
      const uint c = first_m + (i / 4 * LANES_M + row % LANES_M) * 4 + i % 4;
      if (position < p.batch * pixels && c < p.out_c) {
        const float sum = tile[row * QUADS_N + thread % TILE_N / 4][thread % 4];
        if (PARTS == 1)
          store_conv(sum, n, int(g), int(c), oy, ox);
        else
          outputs[conv_part(int(part), n, int(g), int(c), oy, ox)] = sum;
      }
    }
    barrier();
  }
}

void main() {
  thread = gl_LocalInvocationID.x;
  const uint first_n = (gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * TILE_N;
  const uint tiles_m = (p.out_c + TILE_M - 1) / TILE_M;
  const uint part = gl_WorkGroupID.y % PARTS;
  const uint tile_m = gl_WorkGroupID.y / PARTS;
  const uint g = tile_m / tiles_m;
  const uint steps = ((p.in_c + CHUNK - 1) / CHUNK * TAPS + CHUNKS - 1) / CHUNKS;
  const uint pieces = (steps + PIECE - 1) / PIECE;
  const uint first_step = part * pieces / PARTS * PIECE;
  const uint last_step = min((part + 1) * pieces / PARTS * PIECE, steps);

  find_place(first_n + (MATRIX ? thread % QUADS_N * 4 : thread % TILE_N), g, first_step);
  next_weight = (tile_m * steps + first_step) * TILE_A + thread;
  [[unroll]] for (uint i = 0; i < THREAD_M * THREAD_N / 4; ++i)
    sums[i] = vec4(0.0);
  if (AHEAD) {
    load_a();
    load_b();
    share_a();
    share_b();
  }
  for (uint s = first_step + 1; s <= last_step; ++s) {
    if (AHEAD) {
      if (s < last_step)
        move_on();
      barrier();
      load_a(); // at last in vain: a condition around sums or loads costs registers and moves
      load_b();
    } else {
      load_a();
      share_a();
      load_b();
      share_b();
      move_on();
      barrier();
    }
    multiply();
    barrier();
    if (AHEAD && s < last_step) {
      share_a();
      share_b();
    }
  }
  store(first_n, tile_m % tiles_m * TILE_M, g, part);
}
