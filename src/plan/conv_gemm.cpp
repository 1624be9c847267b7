#include <algorithm>
#include <initializer_list>

#include "plan/conv.h"
#include "plan/layout.h"

namespace convscope {
namespace {

constexpr int most_channels = 32; // a lane's: beyond, its sums are no faster (Mesa's llvmpipe)

// Output channels a workgroup, as equal as can be.
int tile_channels(const gpu::ConvParams &p) { return divide_up(p.out_c, divide_up(p.out_c, most_channels)); }

// Input channels a step, a divisor of all.
int unroll(const gpu::ConvParams &p) {
  return p.in_c % 4 == 0 ? 4 : p.in_c % 3 == 0 ? 3 : p.in_c % 2 == 0 ? 2 : 1;
}

} // namespace

bool is_matrix_product(const gpu::ConvParams &p) {
  return p.kernel_h == 1 && p.kernel_w == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 &&
         p.pad_left == 0 && p.out_h == p.in_h && p.out_w == p.in_w && p.out_rows == p.out_h && p.out_cols == p.out_w &&
         p.out_step_h == 1 && p.out_step_w == 1 && p.out_offset_h == 0 && p.out_offset_w == 0;
}

ConvKernel gemm_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const int channels = tile_channels(p);
  const bool aligned = std::ranges::all_of(std::initializer_list<int>{p.in_h * p.in_w, p.in_base, p.in_batch_stride,
                                                                      p.out_base, p.out_batch_stride},
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
  const int channels = tile_channels(p), depth = unroll(p);
  std::vector<float> packed;
  const auto append_step = [&](int group, int first, int i) {
    for (int c = first; c < first + channels; ++c)
      for (int u = 0; u < depth; ++u) {
        const auto row = static_cast<std::size_t>(group * p.out_c + c) * static_cast<std::size_t>(p.in_c);
        packed.push_back(c < p.out_c ? weights[row + static_cast<std::size_t>(i + u)] : 0.0F);
      }
    packed.resize((packed.size() + 3) / 4 * 4);
  };
  for (int group = 0; group < p.groups; ++group)
    for (int first = 0; first < p.out_c; first += channels)
      for (int i = 0; i < p.in_c; i += depth)
        append_step(group, first, i);
  return packed;
}

} // namespace convscope
