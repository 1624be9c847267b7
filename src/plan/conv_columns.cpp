#include "plan/conv_columns.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>

#include "plan/layout.h"
#include "plan/thread_limits.h"

namespace convscope {

namespace {

constexpr int most_taps = 16; // of a kernel row, which im2col.comp unrolls

// Neighbouring positions a thread: as many as make a load of the window worth it.
int run(const gpu::ConvParams &p) { return p.kernel_w <= 3 ? 8 : 4; }

} // namespace

bool im2col_applies(const gpu::ConvParams &p) {
  return p.groups == 1 && writes_whole_planes(p) && !is_matrix_product(p) && p.kernel_w <= most_taps &&
         (run(p) - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w < most_window_columns;
}

// Measured on llvmpipe (convscope-kernels): few input channels have wide windows in registers there, and few output
// channels do not repay the columns; but kernels of one column have no window to share, and are slow there.
bool im2col_pays(const gpu::ConvParams &p) { return p.in_c >= 16 && p.out_c >= (p.kernel_w == 1 ? 16 : 64); }

std::vector<gpu::ConvParams> im2col_parts(const gpu::ConvParams &params) {
  constexpr std::int64_t most = std::int64_t{1} << 20; // bytes of columns
  const std::int64_t row = std::int64_t{4} * params.in_c * params.kernel_h * params.kernel_w * params.out_w;
  const int even = 4 / std::gcd(4, params.out_w); // rows that are whole quads
  const int rows = std::min(params.out_h, divide_up(std::max(static_cast<int>(most / row), 1), even) * even);
  const int images = std::clamp(static_cast<int>(most / (row * params.out_h)), 1, params.batch);
  std::vector<gpu::ConvParams> parts;
  for (int image = 0; image < params.batch; image += images)
    for (int first = 0; first < params.out_h; first += rows) {
      gpu::ConvParams &part = parts.emplace_back(params);
      part.first_image = image;
      part.batch = std::min(images, params.batch - image);
      part.out_h = std::min(rows, params.out_h - first);
      part.out_offset_h = first;
      part.pad_top -= first * params.stride_h;
    }
  return parts;
}

ConvKernel im2col(const gpu::ConvParams &p) {
  const bool known = multiples_of_4({p.in_w, p.in_base, p.in_batch_stride});
  ConvKernel kernel;
  kernel.shader = "im2col";
  append(kernel.constants, {run(p), p.kernel_w, p.stride_w, p.dilation_w, known ? window_shift(p.pad_left) : -1,
                            p.out_w % 4 == 0 ? 1 : 0});
  kernel.groups = spread_groups(std::int64_t{p.batch} * p.in_c * p.kernel_h * p.out_h * divide_up(p.out_w, run(p)));
  return kernel;
}

gpu::ConvParams im2col_product(const gpu::ConvParams &part) {
  gpu::ConvParams p = part;
  p.in_c = part.in_c * part.kernel_h * part.kernel_w;
  p.in_h = part.out_h;
  p.in_w = part.out_w;
  p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
  p.pad_top = p.pad_left = 0;
  p.in_batch_stride = p.in_c * p.in_h * p.in_w;
  p.in_base = 0;
  return p;
}

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

ConvKernel columns_sum(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const bool aligned = multiples_of_4({p.out_w, p.out_base, p.out_batch_stride});
  ConvKernel kernel;
  kernel.shader = "conv_columns";
  kernel.constants = {subgroup_size, epilogue};
  append(kernel.constants, {p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.pad_left, aligned ? 1 : 0});
  const std::int64_t runs = std::int64_t{p.batch} * p.out_h * divide_up(p.out_w, 4 * p.stride_w);
  const auto [x, layers] = layered_groups(divide_up(runs, std::int64_t{subgroup_size}));
  kernel.groups = {x, static_cast<std::uint32_t>(p.out_c), layers};
  return kernel;
}

} // namespace convscope
