// How masks and arg-maxes are packed and how many workgroups kernels take: what C++ and shaders must agree on.
#pragma once

#include <cstdint>

#include "params.h"

namespace convscope {

// Workgroups of the kernels whose local size is 64 (all but the convolutions).
inline std::uint32_t groups_for(std::int64_t threads) { return static_cast<std::uint32_t>((threads + 63) / 64); }

// Words of a ReLU mask for one pixel.
inline int mask_blocks(int channels) { return (channels + 31) / 32; }

// The fewest bits that tell a pool's taps apart, as shaders/arg_max.glsl packs them.
inline std::uint32_t arg_max_bits(const gpu::PoolParams &p) {
  const int taps = p.kernel_h * p.kernel_w;
  return taps <= 16 ? 4U : taps <= 256 ? 8U : 32U;
}
// Words of an arg-max for one pixel.
inline int arg_max_blocks(const gpu::PoolParams &p) {
  const auto pack = static_cast<int>(32U / arg_max_bits(p));
  return (p.channels + pack - 1) / pack;
}

} // namespace convscope
