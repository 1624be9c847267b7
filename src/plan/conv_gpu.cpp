// The convolution back ends for GPUs: shared-memory tiles and direct.
#include "plan/conv.h"

#include <algorithm>
#include <string>

#include "plan/layout.h"

namespace convscope {

namespace {

// The meaning of each is in shaders/conv_shared.comp.
struct SharedTile {
  int lanes_m, lanes_n, thread_m, thread_n, tile_k;
  int tile_m() const { return lanes_m * thread_m; }
  int tile_n() const { return lanes_n * thread_n; }
};

// The largest tile that one image still fills several times over; never by the batch, so that sums stay the same.
SharedTile shared_tile(const gpu::ConvParams &p, std::uint32_t max_invocations) {
  const int positions = p.out_h * p.out_w;
  if (max_invocations >= 256 && p.out_c >= 128 && positions >= 4096)
    return {16, 16, 8, 8, 16};
  if (max_invocations >= 256 && p.out_c >= 64 && positions >= 256)
    return {16, 16, 4, 4, 16};
  return {8, 8, 4, 4, 16};
}

// By one image, as the tile: as many parts as fill a device of 128 processors twice over, each of 8 loads of the tile
// at the least.
int shared_parts(const gpu::ConvParams &p, const SharedTile &tile) {
  constexpr int enough_groups = 256, fewest_loads = 8, most_parts = 16;
  const int groups = divide_up(p.out_h * p.out_w, tile.tile_n()) * p.groups * divide_up(p.out_c, tile.tile_m());
  const int loads = divide_up(p.in_c * p.kernel_h * p.kernel_w, tile.tile_k);
  return std::clamp(enough_groups / groups, 1, std::clamp(loads / fewest_loads, 1, most_parts));
}

// One thread's output channels in shaders/conv_direct.comp.
int direct_channels(const gpu::ConvParams &p) { return std::min(p.out_c, 4); }

std::uint32_t unsigned_of(int value) { return static_cast<std::uint32_t>(value); }

// (groups, K up to a multiple of tile_k, out_c up to a multiple of tile_m), zero beyond; K = in_c, ky, kx.
std::vector<float> pack_shared(const gpu::ConvParams &p, std::span<const float> weights, const SharedTile &tile) {
  const auto depth = static_cast<std::size_t>(p.in_c) * unsigned_of(p.kernel_h * p.kernel_w);
  const auto rows =
      std::size_t{unsigned_of(divide_up(static_cast<int>(depth), tile.tile_k))} * unsigned_of(tile.tile_k);
  const auto cols = std::size_t{unsigned_of(divide_up(p.out_c, tile.tile_m()))} * unsigned_of(tile.tile_m());
  std::vector<float> packed(unsigned_of(p.groups) * rows * cols, 0.0F);
  for (std::size_t g = 0; g < unsigned_of(p.groups); ++g)
    for (std::size_t c = 0; c < unsigned_of(p.out_c); ++c)
      for (std::size_t k = 0; k < depth; ++k)
        packed[(g * rows + k) * cols + c] = weights[(g * unsigned_of(p.out_c) + c) * depth + k];
  return packed;
}

// (groups * tiles, in_c, ky, kx, tile channels), zero beyond out_c.
std::vector<float> pack_direct(const gpu::ConvParams &p, std::span<const float> weights) {
  const int channels = direct_channels(p);
  const int tiles = divide_up(p.out_c, channels);
  const auto depth = static_cast<std::size_t>(p.in_c) * unsigned_of(p.kernel_h * p.kernel_w);
  std::vector<float> packed;
  packed.reserve(unsigned_of(p.groups * tiles * channels) * depth);
  for (int tile = 0; tile < p.groups * tiles; ++tile)
    for (std::size_t k = 0; k < depth; ++k)
      for (int i = 0; i < channels; ++i) {
        const int c = tile % tiles * channels + i;
        const auto filter = unsigned_of(tile / tiles * p.out_c + c);
        packed.push_back(c < p.out_c ? weights[filter * depth + k] : 0.0F);
      }
  return packed;
}

} // namespace

ConvKernel shared_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t max_invocations, bool halves,
                       bool whole) {
  const SharedTile tile = shared_tile(p, max_invocations);
  ConvKernel kernel;
  kernel.shader = "conv_shared";
  kernel.packing = std::to_string(tile.tile_m()) + (halves ? "/16" : "");
  kernel.halves = halves;
  kernel.parts = whole ? 1 : shared_parts(p, tile);
  kernel.constants = {epilogue};
  for (int constant : {p.kernel_h, p.kernel_w, tile.lanes_m, tile.lanes_n, tile.thread_m, tile.thread_n, tile.tile_k,
                       tile.lanes_m * tile.lanes_n, kernel.parts, halves ? 1 : 0})
    kernel.constants.push_back(unsigned_of(constant));
  const auto [x, layers] = layered_groups(divide_up(p.batch * p.out_h * p.out_w, tile.tile_n()));
  kernel.pack = [p, tile](std::span<const float> weights) { return pack_shared(p, weights, tile); };
  kernel.groups = {x, unsigned_of(p.groups * divide_up(p.out_c, tile.tile_m()) * kernel.parts), layers};
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
  const int channels = direct_channels(p);
  ConvKernel kernel;
  kernel.shader = "conv_direct";
  kernel.constants = {epilogue, unsigned_of(p.kernel_h), unsigned_of(p.kernel_w), unsigned_of(channels)};
  const auto [x, layers] = layered_groups(divide_up(p.batch * p.out_h * p.out_w, 64));
  kernel.pack = [p](std::span<const float> weights) { return pack_direct(p, weights); };
  kernel.groups = {x, unsigned_of(p.groups * divide_up(p.out_c, channels)), layers};
  return kernel;
}

} // namespace convscope
