#include <algorithm>

#include "base/parallel.h"
#include "plan/conv.h"
#include "plan/layout.h"

namespace convscope {
namespace {

constexpr int most_channels = 32; // a lane's: beyond, its sums are no faster (Mesa's llvmpipe)

// Input channels a step, a divisor of all.
int unroll(const gpu::ConvParams &p) { return p.in_c % 4 == 0 ? 4 : p.in_c % 3 == 0 ? 3 : p.in_c % 2 == 0 ? 2 : 1; }

// Parts of a subgroup that do different channels of the same pixels, by nanoseconds of a step on one core of Mesa's
// llvmpipe, where 8 lanes have one instruction for a shuffle whose lanes differ, and other widths a loop. Sums are the
// same whatever it is, so that it may follow from the batch.
int split(const gpu::ConvParams &p, int lanes) {
  if (lanes != 8)
    return 1;
  constexpr double load = 6.4, product = 0.33;
  const int channels = gemm_tile_channels(p), tiles = divide_up(p.out_c, channels), depth = unroll(p);
  const int quads = p.batch * divide_up(p.in_h * p.in_w, 4);
  int best = 1;
  double least = 0;
  for (int parts = 1; parts <= lanes && lanes % parts == 0; parts *= 2) {
    const int part = lanes / parts;
    const double step =
        channels * depth * 4 * product + (divide_up(divide_up(channels * depth, 4), part) + depth) * load;
    const double cost = step * divide_up(quads, part) * divide_up(tiles, parts);
    if (parts == 1 || cost < least) {
      least = cost;
      best = parts;
    }
  }
  return best;
}

// Weights as the kernel reads them: (groups, tiles, steps) of step_floats, depth input channels a step.
struct Packing {
  std::size_t channels, depth, tiles, steps, step_floats;
  explicit Packing(const gpu::ConvParams &p)
      : channels(size_of(gemm_tile_channels(p))), depth(size_of(unroll(p))),
        tiles(divide_up(size_of(p.out_c), channels)), steps(size_of(p.in_c) / depth),
        step_floats(divide_up(channels * depth, std::size_t{4}) * 4) {}
  std::size_t tile_floats() const { return steps * step_floats; }
};

} // namespace

int gemm_tile_channels(const gpu::ConvParams &p) { return divide_up(p.out_c, divide_up(p.out_c, most_channels)); }

bool writes_whole_planes(const gpu::ConvParams &p) {
  return p.out_rows == p.out_h && p.out_cols == p.out_w && p.out_step_h == 1 && p.out_step_w == 1 &&
         p.out_offset_h == 0 && p.out_offset_w == 0;
}

bool writes_whole_quads(const gpu::ConvParams &p) {
  return p.out_step_w == 1 && multiples_of_4({p.out_w, p.out_cols, p.out_offset_w, p.out_base, p.out_batch_stride});
}

bool is_matrix_product(const gpu::ConvParams &p) {
  return p.kernel_h == 1 && p.kernel_w == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 &&
         p.pad_left == 0 && p.out_h == p.in_h && p.out_w == p.in_w && writes_whole_planes(p);
}

ConvKernel gemm_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  const int channels = gemm_tile_channels(p);
  const bool aligned = multiples_of_4({p.in_h * p.in_w, p.out_rows * p.out_cols, p.out_offset_h * p.out_cols, p.in_base,
                                       p.in_batch_stride, p.out_base, p.out_batch_stride});
  const bool whole_words = channels == 32 && p.out_c % 32 == 0 && p.out_base % (32 * p.out_rows * p.out_cols) == 0;
  const int parts = split(p, static_cast<int>(subgroup_size));
  ConvKernel kernel;
  kernel.shader = "conv_gemm";
  kernel.constants = {subgroup_size, epilogue};
  append(kernel.constants, {channels, unroll(p), aligned ? 1 : 0, parts, whole_words ? 1 : 0});
  kernel.pack = [p](std::span<const float> weights) { return pack_gemm(p, weights); };
  const auto [x, layers] =
      layered_groups(divide_up(p.batch * divide_up(p.in_h * p.in_w, 4), static_cast<int>(subgroup_size) / parts));
  kernel.groups = {x, unsigned_of(p.groups * divide_up(divide_up(p.out_c, channels), parts)), layers};
  return kernel;
}

std::size_t packed_gemm_floats(const gpu::ConvParams &p) {
  const Packing packing(p);
  return size_of(p.groups) * packing.tiles * packing.tile_floats();
}

// Steps of (channels, unroll) weights, each padded to vec4s. Channels beyond out_c weigh 0.
void pack_gemm_tile(const gpu::ConvParams &p, std::size_t group, std::size_t tile, const float *weights,
                    std::span<float> packed) {
  const Packing packing(p);
  float *const first = packed.data() + (group * packing.tiles + tile) * packing.tile_floats();
  const std::size_t count = std::min(packing.channels, size_of(p.out_c) - tile * packing.channels);
  for (std::size_t c = 0; c < count; ++c)
    for (std::size_t step = 0; step < packing.steps; ++step, weights += packing.depth)
      std::copy_n(weights, packing.depth, first + step * packing.step_floats + c * packing.depth);
}

std::vector<float> pack_gemm(const gpu::ConvParams &p, std::span<const float> weights) {
  const Packing packing(p);
  std::vector<float> packed(packed_gemm_floats(p));
  parallel_for(size_of(p.groups) * packing.tiles, 8, [&](std::size_t first, std::size_t last) {
    for (std::size_t at = first; at < last; ++at) {
      const std::size_t group = at / packing.tiles, tile = at % packing.tiles;
      const std::size_t row = group * size_of(p.out_c) + tile * packing.channels;
      pack_gemm_tile(p, group, tile, weights.data() + row * size_of(p.in_c), packed);
    }
  });
  return packed;
}

} // namespace convscope
