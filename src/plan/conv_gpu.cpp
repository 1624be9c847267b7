// The convolution back ends for GPUs: shared-memory tiles and direct.
#include "plan/conv.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "graph/narrowing.h"
#include "plan/layout.h"
#include "plan/thread_limits.h"
#include "vulkan/device.h"
#include "vulkan/quirks.h"

namespace convscope {

namespace {

// A step of K in shaders/conv_shared.comp.
constexpr int tile_k = 16;

bool can_have(const SharedTile &tile, const vulkan::DeviceInfo &device) {
  const auto threads = static_cast<std::uint32_t>(tile.threads());
  const auto bytes = static_cast<std::uint32_t>(tile_k * (tile.channels() + tile.positions())) * 4U;
  return threads <= device.max_invocations && threads <= device.max_group_size[0] &&
         bytes <= device.max_shared_memory && tile.threads() <= thread_limits(device).threads &&
         tile.thread_m * tile.thread_n <= thread_limits(device).sums;
}

// Whether one image fills it several times over, with few channels beyond the last.
bool suits(const SharedTile &tile, const gpu::ConvParams &p) {
  const int enough_positions = tile.thread_n > 4 ? 4096 : tile.threads() > 64 ? 256 : 1;
  return p.out_h * p.out_w >= enough_positions &&
         divide_up(p.out_c, tile.channels()) * tile.channels() * 4 <= p.out_c * 5;
}

// A narrowed convolution has other parts than the whole one has, and the same sums only where no part cuts a channel.
static_assert(most_narrowed_taps <= gpu::UNCUT_TAPS);

// By one image, as the tile: as many parts as fill a device of 128 processors twice over, each of 8 loads of the tile
// at the least.
int shared_parts(const gpu::ConvParams &p, int channels_of_net, const SharedTile &tile, int steps) {
  constexpr int enough_groups = 256, fewest_loads = 8, most_parts = 16;
  const int groups =
      divide_up(p.out_h * p.out_w, tile.positions()) * p.groups * divide_up(channels_of_net, tile.channels());
  const int taps = p.kernel_h * p.kernel_w, pieces = taps > gpu::UNCUT_TAPS ? steps : divide_up(steps, taps);
  return std::clamp(enough_groups / groups, 1, std::clamp(std::min(steps / fewest_loads, pieces), 1, most_parts));
}

// Input channels that one tap has in a row: as many as waste few multiplications by zero.
int shared_chunk(const gpu::ConvParams &p) {
  if (p.kernel_h * p.kernel_w == 1)
    return tile_k;
  for (int chunk = tile_k; chunk > 4; chunk /= 2)
    if (divide_up(p.in_c, chunk) * chunk * 8 <= divide_up(p.in_c, 4) * 4 * 9)
      return chunk;
  return 4;
}

// What a thread of shaders/conv_direct.comp does.
struct DirectTile {
  int channels, outputs; // of a row
  int taps, pieces;      // a row of the kernel in pieces of so many taps, which are unrolled
  int quads() const { return divide_up(taps * channels, 4); } // of a piece's weights
};
// AMD keeps weights, and for each input whether it is there (a mask of all lanes), in about 100 scalar registers.
DirectTile direct_tile(const gpu::ConvParams &p) {
  constexpr int most_scalars = 64;
  const int common = std::gcd(p.stride_w, p.dilation_w), reuse_taps = p.stride_w / common;
  DirectTile tile{std::min(p.out_c, 4), std::min(p.out_w, 4), p.kernel_w, 1};
  const auto scalars = [&] {
    const int whole = std::min(tile.taps, reuse_taps); // taps of which every output loads its input
    const int loads = whole * tile.outputs + (tile.taps - whole) * std::min(p.dilation_w / common, tile.outputs);
    return 2 * loads + tile.taps * tile.channels;
  };
  while (tile.taps > 1 && scalars() > most_scalars)
    tile.taps = divide_up(p.kernel_w, ++tile.pieces);
  return tile;
}

// (groups, tiles, K up to a multiple of tile_k, tile's channels), zero beyond; K = in_c / chunk, ky, kx, chunk.
std::vector<float> pack_shared(const gpu::ConvParams &p, std::span<const float> weights, const SharedTile &tile,
                               int chunk, int steps) {
  const std::size_t taps = size_of(p.kernel_h * p.kernel_w), in_c = size_of(p.in_c), out_c = size_of(p.out_c);
  const std::size_t channels = size_of(tile.channels()), tiles = divide_up(out_c, channels);
  const std::size_t tile_floats = size_of(steps * tile_k) * channels;
  std::vector<float> packed(size_of(p.groups) * tiles * tile_floats, 0.0F);
  for (std::size_t g = 0; g < size_of(p.groups); ++g)
    for (std::size_t c = 0; c < out_c; ++c) {
      float *to = packed.data() + (g * tiles + c / channels) * tile_floats + c % channels;
      const float *from = weights.data() + (g * out_c + c) * in_c * taps;
      for (std::size_t i = 0; i < in_c; ++i)
        for (std::size_t tap = 0; tap < taps; ++tap) {
          const std::size_t k = (i / size_of(chunk) * taps + tap) * size_of(chunk) + i % size_of(chunk);
          to[k * channels] = from[i * taps + tap];
        }
    }
  return packed;
}

// (groups * tiles, in_c, ky, pieces, taps * channels up to a multiple of 4), zero beyond kernel_w and out_c.
std::vector<float> pack_direct(const gpu::ConvParams &p, std::span<const float> weights) {
  const DirectTile tile = direct_tile(p);
  const int tiles = divide_up(p.out_c, tile.channels);
  const std::size_t rows = size_of(p.in_c) * size_of(p.kernel_h), piece_floats = size_of(tile.quads() * 4);
  std::vector<float> packed(size_of(p.groups * tiles) * rows * size_of(tile.pieces) * piece_floats, 0.0F);
  for (int filter = 0; filter < p.groups * p.out_c; ++filter) {
    const int c = filter % p.out_c;
    const std::size_t first = size_of(filter / p.out_c * tiles + c / tile.channels) * rows;
    for (std::size_t row = 0; row < rows; ++row)
      for (int kx = 0; kx < p.kernel_w; ++kx) {
        const std::size_t piece = (first + row) * size_of(tile.pieces) + size_of(kx / tile.taps);
        packed[piece * piece_floats + size_of(kx % tile.taps * tile.channels + c % tile.channels)] =
            weights[(size_of(filter) * rows + row) * size_of(p.kernel_w) + size_of(kx)];
      }
  }
  return packed;
}

} // namespace

std::span<const SharedTile> shared_tiles() {
  static constexpr std::array<SharedTile, 6> tiles = {
      {{16, 16, 8, 8}, {16, 16, 4, 8}, {16, 16, 4, 4}, {8, 16, 4, 4}, {8, 8, 4, 4}, {4, 16, 4, 4}}};
  return tiles;
}

SharedTile shared_tile(const gpu::ConvParams &p, const vulkan::DeviceInfo &device) {
  SharedTile chosen = shared_tiles().back(); // 64 threads, 5 KiB: any device has that
  for (const SharedTile &tile : shared_tiles())
    if (can_have(tile, device) && suits(tile, p)) {
      chosen = tile;
      break;
    }
  chosen.ahead = thread_limits(device).ahead;
  // What is unrolled takes longer to compile, and a CPU is no faster by it.
  if (device.is_cpu() || vulkan::has_quirk(device, vulkan::Quirk::small_shaders))
    chosen.unroll = 1;
  return chosen;
}

ConvKernel shared_conv(const gpu::ConvParams &p, int channels_of_net, std::uint32_t epilogue, const SharedTile &tile,
                       bool halves, bool whole) {
  const int chunk = shared_chunk(p);
  const int steps = divide_up(divide_up(p.in_c, chunk) * p.kernel_h * p.kernel_w, tile_k / chunk);
  const bool quads = std::ranges::all_of(std::array{p.in_h * p.in_w, p.in_base, p.in_batch_stride},
                                         [](int elements) { return elements % 4 == 0; });
  ConvKernel kernel;
  kernel.shader = "conv_shared";
  kernel.packing = std::to_string(tile.channels()) + (halves ? "/16" : "");
  kernel.halves = halves;
  kernel.parts = whole ? 1 : shared_parts(p, channels_of_net, tile, steps);
  kernel.constants = {epilogue};
  append(kernel.constants, {p.kernel_h, p.kernel_w, tile.lanes_m, tile.lanes_n, tile.thread_m, tile.thread_n, tile_k,
                            tile.threads(), kernel.parts, halves ? 1 : 0, chunk, p.in_c % chunk == 0 ? 1 : 0,
                            is_matrix_product(p) && quads ? 1 : 0, tile.unroll, tile.ahead ? 1 : 0});
  const auto [x, layers] = layered_groups(divide_up(p.batch * p.out_h * p.out_w, tile.positions()));
  kernel.pack = [p, tile, chunk, steps](std::span<const float> weights) {
    return pack_shared(p, weights, tile, chunk, steps);
  };
  kernel.groups = {x, unsigned_of(p.groups * divide_up(p.out_c, tile.channels()) * kernel.parts), layers};
  return kernel;
}

ConvKernel finish_parts(const gpu::ConvParams &p, std::uint32_t epilogue, int parts) {
  ConvKernel kernel;
  kernel.shader = "conv_parts";
  kernel.constants = {epilogue, unsigned_of(parts)};
  kernel.groups = spread_groups(std::int64_t{p.batch} * p.groups * p.out_c * p.out_h * p.out_w);
  return kernel;
}

ConvKernel direct_conv(const gpu::ConvParams &p, std::uint32_t epilogue) {
  const DirectTile tile = direct_tile(p);
  const int common = std::gcd(p.stride_w, p.dilation_w);
  ConvKernel kernel;
  kernel.shader = "conv_direct";
  kernel.constants = {epilogue};
  append(kernel.constants,
         {p.kernel_h, p.kernel_w, tile.channels, tile.outputs, tile.taps, p.stride_w / common, p.dilation_w / common});
  const auto [x, layers] = layered_groups(divide_up(p.batch * p.out_h * divide_up(p.out_w, tile.outputs), 64));
  kernel.pack = [p](std::span<const float> weights) { return pack_direct(p, weights); };
  kernel.groups = {x, unsigned_of(p.groups * divide_up(p.out_c, tile.channels)), layers};
  return kernel;
}

} // namespace convscope
