#include <algorithm>
#include <array>

#include "plan/conv.h"
#include "plan/layout.h"
#include "plan/thread_limits.h"

namespace convscope {
namespace {

constexpr int block_columns = 4; // pixels of a row in a block

constexpr int most_products = 200; // unrolled multiplications of four pixels or less: more take too long to compile

// Rows of a block.
int block_rows(const gpu::ConvParams &p) {
  return std::clamp(most_products / (block_columns * p.kernel_h * p.kernel_w), 1, std::min(4, p.out_h));
}

// A lane's channels, where a map has so many blocks: a whole word of the mask, or less on small maps, so that 16
// workgroups have work.
int block_channels(const gpu::ConvParams &p, int blocks, std::uint32_t subgroup_size) {
  int channels = 32;
  while (channels > 4 && blocks * divide_up(p.groups * p.out_c, channels) < 16 * static_cast<int>(subgroup_size))
    channels /= 2;
  return channels;
}

std::array<std::uint32_t, 3> block_groups(const gpu::ConvParams &p, int blocks, int channels,
                                          std::uint32_t subgroup_size) {
  const std::int64_t all = std::int64_t{p.batch} * divide_up(p.groups * p.out_c, channels) * blocks;
  const auto [x, layers] = layered_groups(divide_up(all, std::int64_t{subgroup_size}));
  return {x, 1, layers};
}

// Of an axis of the adjoint: the first place of the input, from a block's own on, that reaches the block's `outputs`
// outputs, and how many do.
struct Reach {
  int first, count;
};

Reach reach(int outputs, int kernel, int stride, int dilation, int pad) {
  const auto below = [stride](int place) { return (place >= 0 ? place : place - stride + 1) / stride; };
  const int first = below(pad - (kernel - 1) * dilation + stride - 1), last = below(outputs - 1 + pad);
  return {first, last - first + 1};
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
  return p.in_c == 1 && block_columns * p.kernel_h * p.kernel_w <= most_products &&
         (block_columns - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w < most_window_columns;
}

ConvKernel depthwise_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const bool known = multiples_of_4({p.in_w, p.in_base, p.in_batch_stride});
  const int rows = block_rows(p), blocks = divide_up(p.out_h, rows) * divide_up(p.out_w, block_columns);
  const int channels = block_channels(p, blocks, subgroup_size);
  ConvKernel kernel;
  kernel.shader = "conv_depthwise";
  kernel.constants = {subgroup_size, epilogue};
  append(kernel.constants, {rows, channels, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w,
                            known ? window_shift(p.pad_left) : -1, writes_whole_quads(p) ? 1 : 0, p.out_step_w});
  kernel.pack = [p](std::span<const float> weights) { return pack_depthwise(p, weights); };
  kernel.groups = block_groups(p, blocks, channels, subgroup_size);
  return kernel;
}

bool has_depthwise_adjoint(const gpu::ConvParams &forward) {
  constexpr int most_stride = 4; // more sums than registers
  return is_depthwise(forward) && forward.out_c == 1 && forward.stride_h * forward.stride_w > 1 &&
         forward.stride_h <= most_stride && forward.stride_w <= most_stride &&
         reach(block_columns * forward.stride_w, forward.kernel_w, forward.stride_w, forward.dilation_w,
               forward.pad_left)
                 .count < most_window_columns;
}

ConvKernel depthwise_adjoint(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const bool known = multiples_of_4({p.in_w, p.in_base, p.in_batch_stride});
  const int rows = p.stride_h, columns = block_columns * p.stride_w;
  const int blocks = divide_up(p.out_h, rows) * divide_up(p.out_w, columns);
  const int channels = block_channels(p, blocks, subgroup_size);
  const Reach down = reach(rows, p.kernel_h, p.stride_h, p.dilation_h, p.pad_top);
  const Reach across = reach(columns, p.kernel_w, p.stride_w, p.dilation_w, p.pad_left);
  ConvKernel kernel;
  kernel.shader = "conv_depthwise_adjoint";
  kernel.constants = {subgroup_size, epilogue};
  append(kernel.constants, {channels, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w,
                            p.pad_top, p.pad_left, down.first, down.count, across.first, across.count,
                            known ? window_shift(-across.first) : -1, writes_whole_quads(p) ? 1 : 0});
  kernel.pack = [p](std::span<const float> weights) { return pack_depthwise(p, weights); };
  kernel.groups = block_groups(p, blocks, channels, subgroup_size);
  return kernel;
}

} // namespace convscope
