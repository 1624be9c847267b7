// Convolution as an implicit GEMM through shared memory, for GPUs.
//
//   C (out_c x positions) = A (out_c x K) * B (K x positions),  K = in_c * kh * kw, positions = n, oy, ox
//
//            positions: TILE_N = LANES_N * THREAD_N
//           +-------------------------------+
//    TILE_M |  a thread does THREAD_M x     |   a workgroup of LANES_M * LANES_N threads does one tile;
//      =    |  THREAD_N values, LANES apart |   TILE_K rows of A and B at a time pass through shared memory
//  LANES_M* |                               |
//  THREAD_M +-------------------------------+
//
// Where so few tiles would leave a GPU idle, K is cut in PARTS, whose sums shaders/conv_parts.comp adds up and finishes.
// Every sum runs over K in one order, whatever the batch: a unit alone equals itself in a batch.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"

layout(local_size_x_id = 8) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int KERNEL_H = 1;
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int LANES_M = 8;
layout(constant_id = 4) const int LANES_N = 8;
layout(constant_id = 5) const int THREAD_M = 4;
layout(constant_id = 6) const int THREAD_N = 4;
layout(constant_id = 7) const int TILE_K = 16;
layout(constant_id = 9) const int PARTS = 1;
layout(constant_id = 10) const int HALVES = 0;
layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Weights { uint weights[]; }; // floats or halves: (groups, K up to TILE_K, out_c up to TILE_M)
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) buffer Outputs { float outputs[]; }; // or the sums of the parts
layout(binding = 4) readonly buffer Residual { float residual[]; };
layout(binding = 5) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"
#include "conv_parts.glsl"

const int THREADS = LANES_M * LANES_N;
const int TILE_M = LANES_M * THREAD_M;
const int TILE_N = LANES_N * THREAD_N;
const int TAPS = KERNEL_H * KERNEL_W;
shared float tile_a[TILE_K * TILE_M];
shared float tile_b[TILE_K * TILE_N];

float weight(int i) {
  if (HALVES == 0)
    return uintBitsToFloat(weights[i]);
  const vec2 pair = unpackHalf2x16(weights[i / 2]);
  return i % 2 == 0 ? pair.x : pair.y;
}

void main() {
  const int thread = int(gl_LocalInvocationID.x);
  const int lane_m = thread / LANES_N;
  const int lane_n = thread % LANES_N;
  const int first_n = int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * TILE_N;
  const int tiles_m = (p.out_c + TILE_M - 1) / TILE_M;
  const int part = int(gl_WorkGroupID.y) % PARTS;
  const int g = int(gl_WorkGroupID.y) / PARTS / tiles_m;
  const int first_m = int(gl_WorkGroupID.y) / PARTS % tiles_m * TILE_M;
  const int positions = p.batch * p.out_h * p.out_w;
  const int depth = p.in_c * TAPS;
  const int rows_m = tiles_m * TILE_M;
  const int steps = (depth + TILE_K - 1) / TILE_K;

  float sum[THREAD_M * THREAD_N];
  for (int i = 0; i < THREAD_M * THREAD_N; ++i)
    sum[i] = 0.0;

  for (int step_k = part * steps / PARTS; step_k < (part + 1) * steps / PARTS; ++step_k) {
    const int first_k = step_k * TILE_K;
    for (int i = thread; i < TILE_K * TILE_M; i += THREADS)
      tile_a[i] = weight((g * steps * TILE_K + first_k + i / TILE_M) * rows_m + first_m + i % TILE_M);
    for (int i = thread; i < TILE_K * TILE_N; i += THREADS) {
      const int k = first_k + i / TILE_N;
      const int position = first_n + i % TILE_N;
      float v = 0.0;
      if (k < depth && position < positions) {
        const int c = k / TAPS;
        const int iy = position / p.out_w % p.out_h * p.stride_h - p.pad_top + k % TAPS / KERNEL_W * p.dilation_h;
        const int ix = position % p.out_w * p.stride_w - p.pad_left + k % KERNEL_W * p.dilation_w;
        if (iy >= 0 && iy < p.in_h && ix >= 0 && ix < p.in_w)
          v = inputs[p.in_base + position / (p.out_w * p.out_h) * p.in_batch_stride +
                     ((g * p.in_c + c) * p.in_h + iy) * p.in_w + ix];
      }
      tile_b[i] = v;
    }
    barrier();
    for (int k = 0; k < TILE_K; ++k) {
      float a[THREAD_M];
      float b[THREAD_N];
      for (int i = 0; i < THREAD_M; ++i)
        a[i] = tile_a[k * TILE_M + i * LANES_M + lane_m];
      for (int j = 0; j < THREAD_N; ++j)
        b[j] = tile_b[k * TILE_N + j * LANES_N + lane_n];
      for (int i = 0; i < THREAD_M; ++i)
        for (int j = 0; j < THREAD_N; ++j)
          sum[i * THREAD_N + j] += a[i] * b[j];
    }
    barrier();
  }

  for (int j = 0; j < THREAD_N; ++j) {
    const int position = first_n + j * LANES_N + lane_n;
    if (position >= positions)
      break;
    const int ox = position % p.out_w;
    const int oy = position / p.out_w % p.out_h;
    const int n = position / (p.out_w * p.out_h);
    for (int i = 0; i < THREAD_M; ++i) {
      const int c = first_m + i * LANES_M + lane_m;
      if (c >= p.out_c)
        break;
      if (PARTS == 1)
        store_conv(sum[i * THREAD_N + j], n, g, c, oy, ox);
      else
        outputs[conv_part(part, n, g, c, oy, ox)] = sum[i * THREAD_N + j];
    }
  }
}
