#include "plan/winograd.h"

#include <algorithm>

#include "base/parallel.h"
#include "plan/layout.h"

namespace convscope {

namespace {

// Of each of both tensors between the kernels: what a core's cache holds. Below so many tiles, loading the weights
// again for each part would cost more than that saves. Measured on 2 cores with 1 MiB each and Mesa's llvmpipe.
constexpr std::int64_t cached_bytes = std::int64_t{1} << 20;
constexpr int fewest_tiles = 64;

constexpr int multiple_of_4(int value) { return divide_up(value, 4) * 4; }

// G: the rows are the elements of a transformed filter. A point's row has its powers over the product of its distances
// to the other points, infinity's, the last one, the filter's last tap.
template <std::size_t Side, std::size_t Kernel> using Matrix = std::array<std::array<double, Kernel>, Side>;
template <std::size_t Side, std::size_t Kernel> constexpr Matrix<Side, Kernel> filter_matrix() {
  constexpr std::array<double, 5> points = {0, 1, -1, 2, -2};
  Matrix<Side, Kernel> rows{};
  for (std::size_t row = 0; row + 1 < Side; ++row) {
    double element = 1;
    for (std::size_t other = 0; other + 1 < Side; ++other)
      element /= other == row ? 1 : points[row] - points[other];
    // The shaders' B has integers: it has these rows' signs where Side is 4.
    element *= Side == 4 && row == 0 ? -1 : 1;
    for (double &tap : rows[row]) {
      tap = element;
      element *= points[row];
    }
  }
  rows[Side - 1][Kernel - 1] = 1;
  return rows;
}

// G g G^T of some filters, in double: element e of filter f becomes to[e * stride + f]. `Lanes` of them go together,
// for the compiler to make vectors of.
template <std::size_t Side, std::size_t Kernel, std::size_t Lanes>
void transform_filters(const Matrix<Side, Kernel> &rows, const float *g, float *to, std::size_t stride) {
  using Vector = std::array<double, Lanes>;
  std::array<Vector, Kernel * Kernel> filter;
  for (std::size_t tap = 0; tap < filter.size(); ++tap)
    for (std::size_t lane = 0; lane < Lanes; ++lane)
      filter[tap][lane] = g[filter.size() * lane + tap];
  for (std::size_t y = 0; y < Side; ++y) {
    std::array<Vector, Kernel> left{}; // row y of G g
    for (std::size_t column = 0; column < Kernel; ++column)
      for (std::size_t k = 0; k < Kernel; ++k)
        for (std::size_t lane = 0; lane < Lanes; ++lane)
          left[column][lane] += rows[y][k] * filter[k * Kernel + column][lane];
    for (std::size_t x = 0; x < Side; ++x) {
      Vector element{};
      for (std::size_t k = 0; k < Kernel; ++k)
        for (std::size_t lane = 0; lane < Lanes; ++lane)
          element[lane] += left[k][lane] * rows[x][k];
      for (std::size_t lane = 0; lane < Lanes; ++lane)
        to[(y * Side + x) * stride + lane] = static_cast<float>(element[lane]);
    }
  }
}

template <std::size_t Side, std::size_t Kernel>
void transform_filters(std::span<const float> filters, float *to, std::size_t stride) {
  constexpr std::size_t together = 8, taps = Kernel * Kernel;
  static constexpr Matrix<Side, Kernel> rows = filter_matrix<Side, Kernel>();
  const std::size_t count = filters.size() / taps;
  std::size_t f = 0;
  for (; f + together <= count; f += together)
    transform_filters<Side, Kernel, together>(rows, filters.data() + taps * f, to + f, stride);
  for (; f < count; ++f)
    transform_filters<Side, Kernel, 1>(rows, filters.data() + taps * f, to + f, stride);
}

void transform_filters(const gpu::ConvParams &p, int tile, std::span<const float> filters, float *to,
                       std::size_t stride) {
  if (p.kernel_h == 5)
    transform_filters<6, 5>(filters, to, stride);
  else if (tile == 4)
    transform_filters<6, 3>(filters, to, stride);
  else
    transform_filters<4, 3>(filters, to, stride);
}

std::size_t taps_of(const gpu::ConvParams &p) {
  return static_cast<std::size_t>(p.kernel_h) * static_cast<std::size_t>(p.kernel_w);
}

} // namespace

bool winograd_applies(const gpu::ConvParams &p) {
  return (p.kernel_h == 3 || p.kernel_h == 5) && p.kernel_w == p.kernel_h && p.stride_h == 1 && p.stride_w == 1 &&
         p.dilation_h == 1 && p.dilation_w == 1 && p.groups == 1 && writes_whole_planes(p);
}

std::vector<gpu::WinogradParams> winograd_parts(const gpu::ConvParams &p, int tile) {
  const int rows = divide_up(p.out_h, tile), columns = divide_up(p.out_w, tile);
  const std::int64_t bytes = std::int64_t{4} * winograd_products(p, tile) * std::max(p.in_c, p.out_c); // a tile
  const int all = multiple_of_4(p.batch * rows * columns);
  const int most = std::max(fewest_tiles, static_cast<int>(cached_bytes / bytes / 32 * 32));
  const int each = multiple_of_4(divide_up(all, divide_up(all, most))); // as equal as can be
  std::vector<gpu::WinogradParams> parts;
  for (int first = 0; first < all; first += each)
    parts.push_back({p, first, std::min(each, all - first)});
  return parts;
}

gpu::ConvParams winograd_gemm(const gpu::WinogradParams &part, int tile) {
  const int products = winograd_products(part.conv, tile);
  gpu::ConvParams p{};
  p.batch = 1;
  p.groups = products;
  p.in_c = part.conv.in_c;
  p.out_c = part.conv.out_c;
  p.in_h = p.out_h = p.out_rows = 1;
  p.in_w = p.out_w = p.out_cols = part.tiles;
  p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = p.out_step_h = p.out_step_w = 1;
  p.in_batch_stride = products * p.in_c * part.tiles;
  p.out_batch_stride = products * p.out_c * part.tiles;
  return p;
}

std::vector<float> winograd_weights(const gpu::ConvParams &p, int tile, std::span<const float> weights) {
  const std::size_t filters = static_cast<std::size_t>(p.out_c) * static_cast<std::size_t>(p.in_c);
  std::vector<float> transformed(filters * static_cast<std::size_t>(winograd_products(p, tile)));
  parallel_for(filters, 1024, [&](std::size_t first, std::size_t last) {
    const auto some = weights.subspan(taps_of(p) * first, taps_of(p) * (last - first));
    transform_filters(p, tile, some, transformed.data() + first, filters);
  });
  return transformed;
}

std::vector<float> pack_winograd_gemm(const gpu::ConvParams &p, int tile, std::span<const float> weights) {
  const gpu::ConvParams gemm = winograd_gemm({p, 0, 0}, tile);
  const auto products = static_cast<std::size_t>(gemm.groups);
  std::vector<float> packed(packed_gemm_floats(gemm));
  const auto channels = static_cast<std::size_t>(gemm_tile_channels(gemm)), in_c = static_cast<std::size_t>(p.in_c);
  const auto out_c = static_cast<std::size_t>(p.out_c);
  parallel_for(divide_up(out_c, channels), 1, [&](std::size_t first, std::size_t last) {
    std::vector<float> transformed(products * channels * in_c);
    for (std::size_t at = first; at < last; ++at) {
      const std::size_t filters = std::min(channels, out_c - at * channels) * in_c;
      const auto some = weights.subspan(taps_of(p) * at * channels * in_c, taps_of(p) * filters);
      transform_filters(p, tile, some, transformed.data(), filters);
      for (std::size_t product = 0; product < products; ++product)
        pack_gemm_tile(gemm, product, at, transformed.data() + product * filters, packed);
    }
  });
  return packed;
}

ConvKernel winograd_input(const gpu::WinogradParams &part, int tile, std::uint32_t subgroup_size) {
  const gpu::ConvParams &p = part.conv;
  const bool same_remainder = tile == 4 && multiples_of_4({p.in_w, p.in_base, p.in_batch_stride});
  const int shift = same_remainder ? window_shift(p.pad_left) : -1;
  ConvKernel kernel;
  kernel.shader = "winograd_input";
  kernel.constants = {subgroup_size, static_cast<std::uint32_t>(tile), static_cast<std::uint32_t>(shift),
                      static_cast<std::uint32_t>(p.kernel_h), divide_up(p.out_w, tile) % 4 == 0 ? 4U : 1U};
  kernel.groups = {static_cast<std::uint32_t>(divide_up(part.tiles / 4, static_cast<int>(subgroup_size))),
                   static_cast<std::uint32_t>(p.in_c), 1};
  return kernel;
}

ConvKernel winograd_output(const gpu::WinogradParams &part, int tile, std::uint32_t epilogue,
                           std::uint32_t subgroup_size) {
  const gpu::ConvParams &p = part.conv;
  const bool aligned = tile == 4 && multiples_of_4({p.out_w, p.out_base, p.out_batch_stride});
  ConvKernel kernel;
  kernel.shader = "winograd_output";
  kernel.constants = {subgroup_size, epilogue, static_cast<std::uint32_t>(tile), aligned ? 1U : 0U,
                      static_cast<std::uint32_t>(p.kernel_h)};
  kernel.groups = {static_cast<std::uint32_t>(part.tiles / 4),
                   static_cast<std::uint32_t>(divide_up(p.out_c, static_cast<int>(subgroup_size))), 1};
  return kernel;
}

} // namespace convscope
