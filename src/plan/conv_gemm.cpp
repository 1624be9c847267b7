#include <algorithm>
#include <initializer_list>

#include "base/parallel.h"
#include "plan/conv.h"
#include "plan/layout.h"

namespace convscope {
namespace {

constexpr int most_channels = 32; // a lane's: beyond, its sums are no faster (Mesa's llvmpipe)

// Output channels a workgroup, as equal as can be.
int tile_channels(const gpu::ConvParams &p) { return divide_up(p.out_c, divide_up(p.out_c, most_channels)); }

// Input channels a step, a divisor of all.
int unroll(const gpu::ConvParams &p) { return p.in_c % 4 == 0 ? 4 : p.in_c % 3 == 0 ? 3 : p.in_c % 2 == 0 ? 2 : 1; }

} // namespace

bool is_matrix_product(const gpu::ConvParams &p) {
  return p.kernel_h == 1 && p.kernel_w == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 &&
         p.pad_left == 0 && p.out_h == p.in_h && p.out_w == p.in_w && p.out_rows == p.out_h && p.out_cols == p.out_w &&
         p.out_step_h == 1 && p.out_step_w == 1 && p.out_offset_h == 0 && p.out_offset_w == 0;
}

ConvKernel gemm_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const int channels = tile_channels(p);
  const bool aligned = std::ranges::all_of(
      std::initializer_list<int>{p.in_h * p.in_w, p.in_base, p.in_batch_stride, p.out_base, p.out_batch_stride},
      [](int elements) { return elements % 4 == 0; });
  ConvKernel kernel;
  kernel.shader = "conv_gemm";
  kernel.constants = {subgroup_size, epilogue, static_cast<std::uint32_t>(channels),
                      static_cast<std::uint32_t>(unroll(p)), aligned ? 1U : 0U};
  const auto [x, layers] =
      layered_groups(divide_up(p.batch * divide_up(p.in_h * p.in_w, 4), static_cast<int>(subgroup_size)));
  kernel.groups = {x, static_cast<std::uint32_t>(p.groups * divide_up(p.out_c, channels)), layers};
  return kernel;
}

// (groups, tiles, in_c / unroll) steps of (channels, unroll) weights, each step padded to vec4s. Channels beyond out_c
// weigh 0.
std::vector<float> pack_gemm(const gpu::ConvParams &p, std::span<const float> weights) {
  const auto index = [](int value) { return static_cast<std::size_t>(value); };
  const std::size_t channels = index(tile_channels(p)), depth = index(unroll(p));
  const std::size_t out_c = index(p.out_c), in_c = index(p.in_c), tiles = divide_up(out_c, channels);
  const std::size_t step = divide_up(channels * depth, std::size_t{4}) * 4, steps = in_c / depth;
  std::vector<float> packed(index(p.groups) * tiles * steps * step, 0.0F);
  const auto pack_tile = [&](std::size_t tile) { // of all groups
    const std::size_t group = tile / tiles, first = tile % tiles * channels;
    for (std::size_t c = 0; c < std::min(channels, out_c - first); ++c) {
      const float *from = weights.data() + (group * out_c + first + c) * in_c;
      float *to = packed.data() + tile * steps * step + c * depth;
      for (std::size_t i = 0; i < steps; ++i)
        std::copy_n(from + i * depth, depth, to + i * step);
    }
  };
  parallel_for(index(p.groups) * tiles, 8, [&](std::size_t first, std::size_t last) {
    for (std::size_t tile = first; tile < last; ++tile)
      pack_tile(tile);
  });
  return packed;
}

} // namespace convscope
