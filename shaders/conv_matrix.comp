// Convolution by cooperative matrices: halves in, float32 sums (conv_halves.glsl).
//
//   a workgroup's tile: SUBGROUPS_M x SUBGROUPS_N subgroups, each of which does MATRICES_M x MATRICES_N matrices of
//   M x N sums; the device's own M, N and K
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require

layout(local_size_x_id = 6) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int KERNEL_H = 1;
layout(constant_id = 2) const int KERNEL_W = 1;
layout(constant_id = 3) const int PARTS = 1;
layout(constant_id = 4) const int TILE_K = 32;
layout(constant_id = 5) const int WHOLE = 0;
layout(constant_id = 7) const int M = 16;
layout(constant_id = 8) const int N = 16;
layout(constant_id = 9) const int K = 16;
layout(constant_id = 10) const int LANES = 32; // of a subgroup
layout(constant_id = 11) const int SUBGROUPS_M = 2;
layout(constant_id = 12) const int SUBGROUPS_N = 2;
layout(constant_id = 13) const int MATRICES_M = 2;
layout(constant_id = 14) const int MATRICES_N = 2;
const int THREADS = LANES * SUBGROUPS_M * SUBGROUPS_N;
const int TILE_M = SUBGROUPS_M * MATRICES_M * M;
const int TILE_N = SUBGROUPS_N * MATRICES_N * N;
const int STAGED = SUBGROUPS_M * SUBGROUPS_N * M * N;
#include "conv_halves.glsl"

coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sums[MATRICES_M * MATRICES_N];

void rescale_sums(float by) {
  [[unroll]] for (int i = 0; i < MATRICES_M * MATRICES_N; ++i)
    sums[i] = sums[i] * by;
}

void multiply() {
  const int row = int(gl_SubgroupID) / SUBGROUPS_N * MATRICES_M * M;
  const int column = int(gl_SubgroupID) % SUBGROUPS_N * MATRICES_N * N;
  [[unroll]] for (int k = 0; k < TILE_K / K; ++k) {
    coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> a[MATRICES_M];
    [[unroll]] for (int i = 0; i < MATRICES_M; ++i)
      coopMatLoad(a[i], tiles, (row + i * M) * ROW + k * K / RUN, ROW, gl_CooperativeMatrixLayoutRowMajor);
    [[unroll]] for (int j = 0; j < MATRICES_N; ++j) {
      coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> b;
      coopMatLoad(b, tiles, TILE_B + (column + j * N) * ROW + k * K / RUN, ROW, gl_CooperativeMatrixLayoutColumnMajor);
      [[unroll]] for (int i = 0; i < MATRICES_M; ++i)
        sums[i * MATRICES_N + j] = coopMatMulAdd(a[i], b, sums[i * MATRICES_N + j]);
    }
  }
}

float staged(int at) { return uintBitsToFloat(tiles[at / 4][at % 4]); }

void main() {
  if (!find_tile())
    return;
  [[unroll]] for (int i = 0; i < MATRICES_M * MATRICES_N; ++i)
    sums[i] = coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0.0);
  sum_up();

  // Where a matrix's elements are in its subgroup's lanes is the driver's business: they go through shared memory.
  const int subgroup = int(gl_SubgroupID);
  const int row = subgroup / SUBGROUPS_N * MATRICES_M * M;
  const int column = subgroup % SUBGROUPS_N * MATRICES_N * N;
  // A loop that holds another one is not unrolled by every compiler, and may not index sums: they move up instead.
  [[dont_unroll]] for (int tile = 0; tile < MATRICES_M * MATRICES_N; ++tile) {
    coopMatStore(sums[0], tiles, subgroup * M * N / 4, N / 4, gl_CooperativeMatrixLayoutRowMajor);
    [[unroll]] for (int next = 1; next < MATRICES_M * MATRICES_N; ++next)
      sums[next - 1] = sums[next];
    barrier();
    const int first_row = row + tile / MATRICES_N * M, first_column = column + tile % MATRICES_N * N;
    [[dont_unroll]] for (int e = int(gl_SubgroupInvocationID); e < M * N; e += LANES)
      finish(staged(subgroup * M * N + e), first_row + e / N, first_column + e % N);
    barrier();
  }
}
