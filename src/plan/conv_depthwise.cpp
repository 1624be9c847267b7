#include <algorithm>
#include <initializer_list>

#include "plan/conv.h"
#include "plan/layout.h"

namespace convscope {
namespace {

constexpr int run = 4; // pixels of a row in a block

constexpr int most_products = 200; // unrolled multiplications of four pixels or less: more take too long to compile
constexpr int most_columns = 48;   // of a window, in registers

// Rows of a block.
int block_rows(const gpu::ConvParams &p) {
  return std::clamp(most_products / (run * p.kernel_h * p.kernel_w), 1, std::min(4, p.out_h));
}

// A lane's channels: a whole word of the mask, or less on small maps, so that 16 workgroups have work.
int block_channels(const gpu::ConvParams &p, std::uint32_t subgroup_size) {
  const int blocks = divide_up(p.out_h, block_rows(p)) * divide_up(p.out_w, run);
  int channels = 32;
  while (channels > 4 && blocks * divide_up(p.groups * p.out_c, channels) < 16 * static_cast<int>(subgroup_size))
    channels /= 2;
  return channels;
}

// (groups*out_c) kernels, each padded to vec4s.
std::vector<float> pack_depthwise(const gpu::ConvParams &p, std::span<const float> weights) {
  const auto taps = static_cast<std::size_t>(p.kernel_h) * static_cast<std::size_t>(p.kernel_w);
  std::vector<float> packed;
  for (std::size_t from = 0; from < weights.size(); from += taps) {
    packed.insert(packed.end(), weights.begin() + static_cast<std::ptrdiff_t>(from),
                  weights.begin() + static_cast<std::ptrdiff_t>(from + taps));
    packed.resize(divide_up(packed.size(), std::size_t{4}) * 4);
  }
  return packed;
}

} // namespace

bool is_depthwise(const gpu::ConvParams &p) {
  return p.in_c == 1 && run * p.kernel_h * p.kernel_w <= most_products &&
         (run - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w < most_columns;
}

ConvKernel depthwise_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const bool known = multiples_of_4({p.in_w, p.in_base, p.in_batch_stride});
  const int rows = block_rows(p), channels = block_channels(p, subgroup_size);
  ConvKernel kernel;
  kernel.shader = "conv_depthwise";
  kernel.constants = {subgroup_size, epilogue};
  append(kernel.constants, {rows, channels, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w,
                            known ? window_shift(p.pad_left) : -1, writes_whole_quads(p) ? 1 : 0, p.out_step_w});
  const std::int64_t blocks = std::int64_t{p.batch} * divide_up(p.groups * p.out_c, channels) *
                              divide_up(p.out_h, rows) * divide_up(p.out_w, run);
  const auto [x, layers] = layered_groups(divide_up(blocks, std::int64_t{subgroup_size}));
  kernel.pack = [p](std::span<const float> weights) { return pack_depthwise(p, weights); };
  kernel.groups = {x, 1, layers};
  return kernel;
}

} // namespace convscope
