// How masks and arg-maxes are packed and how many workgroups kernels take: what C++ and shaders must agree on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/integers.h"
#include "params.h"

namespace convscope {

// What every Vulkan device takes of workgroups on one axis.
constexpr std::int64_t max_groups_axis = 65535;

template <typename T> constexpr T divide_up(T a, T b) { return (a + b - 1) / b; }

// Of addresses and sides: whether every row of them begins with a whole vec4.
inline bool multiples_of_4(std::initializer_list<int> numbers) {
  return std::ranges::all_of(numbers, [](int number) { return number % 4 == 0; });
}
// SHIFT of shaders/window.glsl where rows begin so: the remainder by 4 of every window's first column.
constexpr int window_shift(int pad_left) { return ((-pad_left) % 4 + 4) % 4; }

// Specialization constants.
inline void append(std::vector<std::uint32_t> &constants, std::initializer_list<int> more) {
  for (const int constant : more)
    constants.push_back(unsigned_of(constant));
}

// Workgroups on the x axis and as many layers as they need, in the order x, layers.
inline std::array<std::uint32_t, 2> layered_groups(std::int64_t groups) {
  const std::int64_t layers = (groups + max_groups_axis - 1) / max_groups_axis;
  return {static_cast<std::uint32_t>((groups + layers - 1) / layers), static_cast<std::uint32_t>(layers)};
}

// Workgroups of 64 for kernels that number their threads by linear_item (shaders/linear.glsl).
inline std::array<std::uint32_t, 3> spread_groups(std::int64_t threads) {
  const auto [x, layers] = layered_groups((threads + 63) / 64);
  return {x, layers, 1};
}

// Words of a ReLU mask for one pixel.
inline int mask_blocks(int channels) { return (channels + 31) / 32; }

// The fewest bits that tell a pool's taps apart, as shaders/arg_max.glsl packs them.
inline std::uint32_t arg_max_bits(const gpu::PoolParams &p) {
  const int taps = p.kernel_h * p.kernel_w;
  return taps <= 16 ? 4U : taps <= 256 ? 8U : 32U;
}
// Words of an arg-max: neighbouring outputs of a row share one.
inline std::int64_t arg_max_words(const gpu::PoolParams &p) {
  const auto pack = static_cast<int>(32U / arg_max_bits(p));
  return std::int64_t{p.batch} * p.channels * p.out_h * divide_up(p.out_w, pack);
}

} // namespace convscope
