#include "plan/winograd.h"

#include <algorithm>
#include <initializer_list>

#include "base/parallel.h"
#include "plan/layout.h"

namespace convscope {

namespace {

// Of each of both tensors between the kernels: what a core's cache holds. Below so many tiles, loading the weights
// again for each part would cost more than that saves. Measured on 2 cores with 1 MiB each and Mesa's llvmpipe.
constexpr std::int64_t part_bytes = std::int64_t{1} << 20;
constexpr int fewest_tiles = 64;

constexpr int multiple_of_4(int value) { return divide_up(value, 4) * 4; }

// G, for F(2,3) and F(4,3): the rows are the elements of a transformed filter.
using Row = std::array<double, 3>;
constexpr std::array<Row, 4> filter_2 = {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
constexpr std::array<Row, 6> filter_4 = {{{1.0 / 4, 0, 0},
                                          {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                          {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                          {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                          {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                          {0, 0, 1}}};

// G g G^T of some filters, in double: element e of filter f becomes to[e * stride + f]. `Lanes` of them go together,
// for the compiler to make vectors of.
template <std::size_t Lanes>
void transform_filters(std::span<const Row> rows, const float *g, float *to, std::size_t stride) {
  using Vector = std::array<double, Lanes>;
  std::array<Vector, 9> filter;
  for (std::size_t tap = 0; tap < 9; ++tap)
    for (std::size_t lane = 0; lane < Lanes; ++lane)
      filter[tap][lane] = g[9 * lane + tap];
  for (std::size_t y = 0; y < rows.size(); ++y) {
    std::array<Vector, 3> left; // row y of G g
    for (std::size_t column = 0; column < 3; ++column)
      for (std::size_t lane = 0; lane < Lanes; ++lane)
        left[column][lane] = rows[y][0] * filter[column][lane] + rows[y][1] * filter[3 + column][lane] +
                             rows[y][2] * filter[6 + column][lane];
    for (std::size_t x = 0; x < rows.size(); ++x)
      for (std::size_t lane = 0; lane < Lanes; ++lane)
        to[(y * rows.size() + x) * stride + lane] =
            static_cast<float>(left[0][lane] * rows[x][0] + left[1][lane] * rows[x][1] + left[2][lane] * rows[x][2]);
  }
}

void transform_filters(int tile, std::span<const float> filters, float *to, std::size_t stride) {
  constexpr std::size_t together = 8;
  const std::span<const Row> rows = tile == 2 ? std::span<const Row>(filter_2) : std::span<const Row>(filter_4);
  const std::size_t count = filters.size() / 9;
  std::size_t f = 0;
  for (; f + together <= count; f += together)
    transform_filters<together>(rows, filters.data() + 9 * f, to + f, stride);
  for (; f < count; ++f)
    transform_filters<1>(rows, filters.data() + 9 * f, to + f, stride);
}

bool multiples_of_4(std::initializer_list<int> values) {
  return std::all_of(values.begin(), values.end(), [](int value) { return value % 4 == 0; });
}

} // namespace

bool winograd_applies(const gpu::ConvParams &p) {
  return p.kernel_h == 3 && p.kernel_w == 3 && p.stride_h == 1 && p.stride_w == 1 && p.dilation_h == 1 &&
         p.dilation_w == 1 && p.groups == 1 && p.out_rows == p.out_h && p.out_cols == p.out_w && p.out_step_h == 1 &&
         p.out_step_w == 1 && p.out_offset_h == 0 && p.out_offset_w == 0;
}

std::vector<gpu::WinogradParams> winograd_parts(const gpu::ConvParams &p, int tile) {
  const int rows = divide_up(p.out_h, tile), columns = divide_up(p.out_w, tile);
  const std::int64_t bytes = std::int64_t{4} * winograd_products(tile) * std::max(p.in_c, p.out_c); // a tile
  const int all = multiple_of_4(p.batch * rows * columns);
  const int most = std::max(fewest_tiles, static_cast<int>(part_bytes / bytes / 32 * 32));
  const int each = multiple_of_4(divide_up(all, divide_up(all, most))); // as equal as can be
  std::vector<gpu::WinogradParams> parts;
  for (int first = 0; first < all; first += each)
    parts.push_back({p, first, std::min(each, all - first), rows, columns});
  return parts;
}

gpu::ConvParams winograd_gemm(const gpu::WinogradParams &part, int tile) {
  const int products = winograd_products(tile);
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
  std::vector<float> transformed(filters * static_cast<std::size_t>(winograd_products(tile)));
  parallel_for(filters, 1024, [&](std::size_t first, std::size_t last) {
    transform_filters(tile, weights.subspan(9 * first, 9 * (last - first)), transformed.data() + first, filters);
  });
  return transformed;
}

std::vector<float> pack_winograd_gemm(const gpu::ConvParams &p, int tile, std::span<const float> weights) {
  const gpu::ConvParams gemm = winograd_gemm({p, 0, 0, 0, 0}, tile);
  const auto products = static_cast<std::size_t>(gemm.groups);
  std::vector<float> packed(packed_gemm_floats(gemm));
  const auto channels = static_cast<std::size_t>(gemm_tile_channels(gemm)), in_c = static_cast<std::size_t>(p.in_c);
  const auto out_c = static_cast<std::size_t>(p.out_c);
  parallel_for(divide_up(out_c, channels), 1, [&](std::size_t first, std::size_t last) {
    std::vector<float> transformed(products * channels * in_c);
    for (std::size_t at = first; at < last; ++at) {
      const std::size_t filters = std::min(channels, out_c - at * channels) * in_c;
      transform_filters(tile, weights.subspan(9 * at * channels * in_c, 9 * filters), transformed.data(), filters);
      for (std::size_t product = 0; product < products; ++product)
        pack_gemm_tile(gemm, product, at, transformed.data() + product * filters, packed);
    }
  });
  return packed;
}

ConvKernel winograd_input(const gpu::WinogradParams &part, int tile, std::uint32_t subgroup_size) {
  const gpu::ConvParams &p = part.conv;
  const bool same_remainder = tile == 4 && multiples_of_4({p.in_w, p.in_base, p.in_batch_stride});
  const int shift = same_remainder ? ((-p.pad_left) % 4 + 4) % 4 : -1;
  ConvKernel kernel;
  kernel.shader = "winograd_input";
  kernel.constants = {subgroup_size, static_cast<std::uint32_t>(tile), static_cast<std::uint32_t>(shift)};
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
  kernel.constants = {subgroup_size, epilogue, static_cast<std::uint32_t>(tile), aligned ? 1U : 0U};
  kernel.groups = {static_cast<std::uint32_t>(part.tiles / 4),
                   static_cast<std::uint32_t>(divide_up(p.out_c, static_cast<int>(subgroup_size))), 1};
  return kernel;
}

} // namespace convscope
