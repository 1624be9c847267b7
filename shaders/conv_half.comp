// Convolution in packed 16-bit arithmetic, for devices without cooperative matrices (conv_halves.glsl).
//
//   a workgroup of LANES_M x LANES_N threads, each of which does THREAD_M x THREAD_N sums, LANES apart
//
// A packed sum holds two: of the even elements of K, and of the odd ones. They take 4 products each, then the float32 sum: with
// 8, SqueezeNet and MobileNetV2 are at 1.9e-3 through the whole net.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x_id = 6) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int KERNEL_H = 1;
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int PARTS = 1;
layout(constant_id = 4) const int TILE_K = 32;
layout(constant_id = 5) const int WHOLE = 0;
layout(constant_id = 7) const int LANES_M = 8;
layout(constant_id = 8) const int LANES_N = 8;
layout(constant_id = 9) const int THREAD_M = 4;
layout(constant_id = 10) const int THREAD_N = 4;
const int THREADS = LANES_M * LANES_N;
const int TILE_M = LANES_M * THREAD_M;
const int TILE_N = LANES_N * THREAD_N;
const int STAGED = LANES_M * TILE_N;
#include "conv_halves.glsl"

float sums[THREAD_M * THREAD_N];

void rescale_sums(float by) {
  [[unroll]] for (int i = 0; i < THREAD_M * THREAD_N; ++i)
    sums[i] *= by;
}

void multiply() {
  [[dont_unroll]] for (int run = 0; run < RUNS; ++run) {
    f16vec2 pairs[THREAD_M * THREAD_N];
    uvec4 a[THREAD_M];
    [[unroll]] for (int i = 0; i < THREAD_M; ++i)
      a[i] = tiles[(i * LANES_M + thread / LANES_N) * ROW + run];
    [[unroll]] for (int j = 0; j < THREAD_N; ++j) {
      const uvec4 b = tiles[TILE_B + (j * LANES_N + thread % LANES_N) * ROW + run];
      [[unroll]] for (int q = 0; q < 4; ++q)
        [[unroll]] for (int i = 0; i < THREAD_M; ++i) {
          const f16vec2 x = unpackFloat2x16(a[i][q]), y = unpackFloat2x16(b[q]);
          pairs[i * THREAD_N + j] = q == 0 ? x * y : fma(x, y, pairs[i * THREAD_N + j]);
        }
    }
    [[unroll]] for (int i = 0; i < THREAD_M * THREAD_N; ++i)
      sums[i] += float(pairs[i].x) + float(pairs[i].y);
  }
}

void stage(int at, float sum) { tiles[at / 4][at % 4] = floatBitsToUint(sum); }
float staged(int at) { return uintBitsToFloat(tiles[at / 4][at % 4]); }

void main() {
  if (!find_tile())
    return;
  [[unroll]] for (int i = 0; i < THREAD_M * THREAD_N; ++i)
    sums[i] = 0.0;
  sum_up();
  // A loop that holds another one is not unrolled by every compiler, and may not index sums: they move up instead.
  [[dont_unroll]] for (int i = 0; i < THREAD_M; ++i) {
    [[unroll]] for (int j = 0; j < THREAD_N; ++j)
      stage(thread / LANES_N * TILE_N + j * LANES_N + thread % LANES_N, sums[j]);
    [[unroll]] for (int next = THREAD_N; next < THREAD_M * THREAD_N; ++next)
      sums[next - THREAD_N] = sums[next];
    barrier();
    [[dont_unroll]] for (int e = thread; e < LANES_M * TILE_N; e += THREADS)
      finish(staged(e), i * LANES_M + e / TILE_N, e % TILE_N);
    barrier();
  }
}
