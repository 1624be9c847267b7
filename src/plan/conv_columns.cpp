#include "plan/conv_columns.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "plan/layout.h"

namespace convscope {

bool columns_apply(const gpu::ConvParams &forward) {
  constexpr int most_taps = 32, most_stride = 16; // that the kernel unrolls
  return forward.kernel_w <= most_taps && forward.stride_w <= most_stride && forward.groups == 1 &&
         forward.dilation_h == 1 && forward.dilation_w == 1 && forward.pad_top >= 0 && forward.pad_left >= 0;
}

gpu::ConvParams columns_product(const gpu::ConvParams &forward, int first, int images) {
  gpu::ConvParams p{};
  p.batch = images;
  p.groups = 1;
  p.in_c = forward.out_c;
  p.out_c = forward.in_c * forward.kernel_h * forward.kernel_w;
  p.in_h = p.out_h = p.out_rows = forward.out_rows;
  p.in_w = p.out_w = p.out_cols = forward.out_cols;
  p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = p.out_step_h = p.out_step_w = 1;
  p.in_batch_stride = forward.out_batch_stride;
  p.out_batch_stride = p.out_c * p.out_rows * p.out_cols;
  p.in_base = forward.out_base + first * forward.out_batch_stride;
  return p;
}

std::vector<float> columns_weights(const gpu::ConvParams &forward, std::span<const float> weights) {
  const auto in = static_cast<std::size_t>(forward.out_c), out = weights.size() / in;
  std::vector<float> turned(weights.size());
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t c = 0; c < out; ++c)
      turned[c * in + i] = weights[i * out + c];
  return turned;
}

gpu::ColumnsParams columns_params(const gpu::ConvParams &forward, int first, int images) {
  gpu::ConvParams p = forward;
  std::swap(p.in_c, p.out_c);
  std::swap(p.in_base, p.out_base);
  std::swap(p.in_batch_stride, p.out_batch_stride);
  p.in_h = forward.out_rows;
  p.in_w = forward.out_cols;
  p.out_h = p.out_rows = forward.in_h;
  p.out_w = p.out_cols = forward.in_w;
  return {p, first, images};
}

ConvKernel columns_sum(const gpu::ColumnsParams &params, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const gpu::ConvParams &p = params.conv;
  const bool aligned = std::ranges::all_of(std::initializer_list<int>{p.out_w, p.out_base, p.out_batch_stride},
                                           [](int elements) { return elements % 4 == 0; });
  ConvKernel kernel;
  kernel.shader = "conv_columns";
  kernel.constants = {subgroup_size, epilogue};
  for (const int constant : {p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.pad_left, aligned ? 1 : 0})
    kernel.constants.push_back(static_cast<std::uint32_t>(constant));
  const std::int64_t runs = std::int64_t{params.images} * p.out_h * divide_up(p.out_w, 4 * p.stride_w);
  const auto [x, layers] = layered_groups(divide_up(runs, std::int64_t{subgroup_size}));
  kernel.groups = {x, static_cast<std::uint32_t>(p.out_c), layers};
  return kernel;
}

} // namespace convscope
