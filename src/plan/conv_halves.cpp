// The convolution back ends in 16 bits: shaders/conv_matrix.comp and conv_half.comp.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/half.h"
#include "plan/conv.h"
#include "plan/layout.h"
#include "vulkan/device.h"
#include "vulkan/quirks.h"

namespace convscope {

namespace {

// What a workgroup does at once, with `more` for the shader's own constants.
struct HalfTile {
  int tile_m, tile_n, tile_k, threads;
  std::vector<int> more;
};

int channel_chunks(const gpu::ConvParams &p, int tile_k) { return divide_up(p.in_c, tile_k); }
int steps_of(const gpu::ConvParams &p, int tile_k) { return p.kernel_h * p.kernel_w * channel_chunks(p, tile_k); }

// 32, unless 16 leaves less to pad.
int depth_of_tile(const gpu::ConvParams &p, int least) {
  const bool few = channel_chunks(p, 16) < 2 * channel_chunks(p, 32);
  return std::max(few ? 16 : 32, least);
}

// A power of two (its exponent) that takes the largest of the weights to between a half and 1.
int exponent_of(std::span<const float> weights) {
  float most = 0;
  for (const float weight : weights)
    if (std::isfinite(weight))
      most = std::max(most, std::abs(weight));
  int exponent = 0;
  std::frexp(most, &exponent);
  return most > 0 ? -exponent : 0;
}

// As shaders/conv_halves.glsl has it; words in the floats' place.
std::vector<float> pack_halves(const gpu::ConvParams &p, std::span<const float> weights, int tile_m, int tile_k) {
  const std::size_t taps = size_of(p.kernel_h) * size_of(p.kernel_w), in_c = size_of(p.in_c);
  const std::size_t chunks = size_of(channel_chunks(p, tile_k)), tiles = size_of(divide_up(p.out_c, tile_m));
  const std::size_t rows = size_of(tile_m), columns = size_of(tile_k);
  const std::size_t halves = size_of(p.groups) * tiles * taps * chunks * rows * columns;
  const std::size_t scales = size_of(p.groups) * tiles * rows;
  std::vector<std::uint16_t> packed(halves, 0);
  std::vector<float> unscaled(scales, 1.0F);
  for (std::size_t g = 0; g < size_of(p.groups); ++g)
    for (std::size_t c = 0; c < size_of(p.out_c); ++c) {
      const std::span<const float> filter = weights.subspan((g * size_of(p.out_c) + c) * in_c * taps, in_c * taps);
      const int exponent = exponent_of(filter);
      unscaled[(g * tiles * rows) + c] = std::ldexp(1.0F, -exponent);
      for (std::size_t i = 0; i < in_c; ++i)
        for (std::size_t tap = 0; tap < taps; ++tap) {
          const std::size_t step = ((g * tiles + c / rows) * taps + tap) * chunks + i / columns;
          packed[(step * rows + c % rows) * columns + i % columns] =
              float_to_half(std::ldexp(filter[i * taps + tap], exponent));
        }
    }
  std::vector<float> words(halves / 2 + scales);
  std::memcpy(words.data(), packed.data(), halves * sizeof(std::uint16_t));
  std::copy(unscaled.begin(), unscaled.end(), words.begin() + static_cast<std::ptrdiff_t>(halves / 2));
  return words;
}

// By one image: as many parts as fill a device of 128 processors twice over, each of 4 steps at the least.
int parts_of(const gpu::ConvParams &p, const HalfTile &tile) {
  constexpr int enough_groups = 256, fewest_steps = 4, most_parts = 16;
  const int groups = divide_up(p.out_h * p.out_w, tile.tile_n) * p.groups * divide_up(p.out_c, tile.tile_m);
  return std::clamp(enough_groups / groups, 1, std::clamp(steps_of(p, tile.tile_k) / fewest_steps, 1, most_parts));
}

ConvKernel kernel_of(const std::string &shader, const gpu::ConvParams &p, std::uint32_t epilogue, const HalfTile &tile,
                     bool whole) {
  ConvKernel kernel;
  kernel.shader = shader;
  kernel.packing = std::to_string(tile.tile_m) + "/" + std::to_string(tile.tile_k);
  kernel.parts = whole ? 1 : parts_of(p, tile);
  kernel.constants = {epilogue};
  append(kernel.constants,
         {p.kernel_h, p.kernel_w, kernel.parts, tile.tile_k, p.in_c % tile.tile_k == 0 ? 1 : 0, tile.threads});
  for (const int constant : tile.more)
    kernel.constants.push_back(unsigned_of(constant));
  kernel.pack = [p, tile](std::span<const float> weights) { return pack_halves(p, weights, tile.tile_m, tile.tile_k); };
  // Tiles of one image: what scales its inputs is its own.
  const auto [x, layers] = layered_groups(std::int64_t{p.batch} * divide_up(p.out_h * p.out_w, tile.tile_n));
  kernel.groups = {x, unsigned_of(p.groups * divide_up(p.out_c, tile.tile_m) * kernel.parts), layers};
  return kernel;
}

// Shared memory of a tile: rows but the last have 8 halves more (conv_halves.glsl), and sums on their way out, floats,
// take the same place.
std::uint32_t shared_bytes(int tile_m, int tile_n, int tile_k, int staged) {
  return unsigned_of(std::max((tile_m + tile_n) * (tile_k + 8) * 2 - 16, staged * 4) + 8);
}

// A lane has 32 sums, in subgroups of fewer than 32 lanes 16: a wider subgroup does a wider part of the tile. With
// twice as many, some of the drivers' compilers spill.
HalfTile matrix_tile(const gpu::ConvParams &p, const vulkan::DeviceInfo &device) {
  const vulkan::MatrixSupport &matrix = device.matrix;
  const int m = static_cast<int>(matrix.m), n = static_cast<int>(matrix.n), lanes = static_cast<int>(matrix.lanes);
  const int tile_k = depth_of_tile(p, static_cast<int>(matrix.k));
  const int most_threads = static_cast<int>(std::min(device.max_invocations, lanes * matrix.max_subgroups));
  const auto tile_of = [&](int rows, int columns, int part_rows, int part_columns) {
    const int part_m = std::max(m, std::min(part_rows, rows)), part_n = std::max(n, std::min(part_columns, columns));
    const int down = divide_up(rows, part_m), across = divide_up(columns, part_n);
    // A thread of a narrow subgroup loads no more than 8 inputs at once.
    const bool shallow = lanes < 32 && columns * 4 > lanes * down * across;
    return HalfTile{down * part_m,
                    across * part_n,
                    shallow ? std::max(16, static_cast<int>(matrix.k)) : tile_k,
                    lanes * down * across,
                    {m, n, static_cast<int>(matrix.k), lanes, down, across, part_m / m, part_n / n}};
  };
  const auto fits = [&](const HalfTile &tile) {
    return tile.threads <= most_threads && tile.threads <= static_cast<int>(device.max_group_size[0]) &&
           shared_bytes(tile.tile_m, tile.tile_n, tile.tile_k, tile.threads / lanes * m * n) <=
               device.max_shared_memory;
  };
  const int part_rows = lanes >= 32 ? 32 : 16, part_columns = std::min(lanes, 32);
  if (HalfTile large = tile_of(128, 64, part_rows, part_columns);
      lanes >= 32 && p.out_c >= 128 && p.out_h * p.out_w >= 4096 && fits(large))
    return large;
  if (HalfTile medium = tile_of(64, 64, part_rows, part_columns); p.out_c > 32 && fits(medium))
    return medium;
  if (HalfTile small = tile_of(32, 32, 16, std::min(part_columns, 16)); fits(small))
    return small;
  return tile_of(m, n, m, n); // one subgroup with one matrix
}

// Where halves take as many registers as floats, 4x4 sums a thread spill.
HalfTile packed_tile(const gpu::ConvParams &p, const vulkan::DeviceInfo &device) {
  const bool unpacked = vulkan::has_quirk(device, vulkan::Quirk::unpacked_halves);
  const bool large = device.max_invocations >= 256 && p.out_c >= 64 && p.out_h * p.out_w >= 256;
  const int lanes = large ? 16 : 8, rows = unpacked ? 2 : 4, columns = 4;
  return {lanes * rows, lanes * columns, depth_of_tile(p, 16), lanes * lanes, {lanes, lanes, rows, columns}};
}

} // namespace

bool matrices_fit(const vulkan::DeviceInfo &device) {
  const vulkan::MatrixSupport &matrix = device.matrix;
  const int m = static_cast<int>(matrix.m), n = static_cast<int>(matrix.n);
  return device.cooperative_matrix && !vulkan::has_quirk(device, vulkan::Quirk::emulated_matrices) &&
         shared_bytes(m, n, 32, m * n) <= device.max_shared_memory;
}

ConvKernel matrix_conv(const gpu::ConvParams &p, const gpu::ConvParams &sized, std::uint32_t epilogue,
                       const vulkan::DeviceInfo &device, bool whole) {
  return kernel_of("conv_matrix", p, epilogue, matrix_tile(sized, device), whole);
}

bool halves_fit(const vulkan::DeviceInfo &device) { return device.float16 && device.subgroup_arithmetic; }

// A CPU driver's packed arithmetic is slower than its float32.
bool halves_pay(const vulkan::DeviceInfo &device) {
  return halves_fit(device) && !device.is_cpu() && !vulkan::has_quirk(device, vulkan::Quirk::unpacked_halves);
}

ConvKernel half_conv(const gpu::ConvParams &p, const gpu::ConvParams &sized, std::uint32_t epilogue,
                     const vulkan::DeviceInfo &device, bool whole) {
  return kernel_of("conv_half", p, epilogue, packed_tile(sized, device), whole);
}

} // namespace convscope
