// Winograd's minimal filtering for 3x3 and 5x5 convolutions of stride 1: two transforms around a 1x1 convolution that
// has a group for each element of a transformed tile. shaders/winograd.glsl has the method.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "params.h"
#include "plan/conv.h"

namespace convscope {

// Whether the method applies: any padding and size, the input gradient of a stride-1 convolution among them.
bool winograd_applies(const gpu::ConvParams &params);
// Outputs a side of a tile whose window has `side` inputs a side: 4 or 6. Below 2 there is no such method.
constexpr int winograd_tile(const gpu::ConvParams &params, int side) { return side + 1 - params.kernel_h; }

// The tiles of a batch in parts that keep what lies between the three kernels small.
std::vector<gpu::WinogradParams> winograd_parts(const gpu::ConvParams &params, int tile);

// Elements of a transformed tile: matrix products, each of (out_c x in_c) with (in_c x tiles).
constexpr int winograd_products(const gpu::ConvParams &params, int tile) {
  return (tile + params.kernel_h - 1) * (tile + params.kernel_h - 1);
}
// That convolution: (1, products * in_c, 1, tiles) -> (1, products * out_c, 1, tiles).
gpu::ConvParams winograd_gemm(const gpu::WinogradParams &part, int tile);
// Its weights (products * out_c, in_c, 1, 1), from (out_c, in_c, kernel_h, kernel_w).
std::vector<float> winograd_weights(const gpu::ConvParams &params, int tile, std::span<const float> weights);
// The same as pack_gemm packs them. (They are the most memory that a net takes: no copy of all of them is made on the
// way.)
std::vector<float> pack_winograd_gemm(const gpu::ConvParams &params, int tile, std::span<const float> weights);

// Bindings: 0 input, 1 transformed tiles.
ConvKernel winograd_input(const gpu::WinogradParams &part, int tile, std::uint32_t subgroup_size);
// Bindings: 0 products, 1 bias, 2 output, 3 residual, 4 mask.
ConvKernel winograd_output(const gpu::WinogradParams &part, int tile, std::uint32_t epilogue,
                           std::uint32_t subgroup_size);

} // namespace convscope
