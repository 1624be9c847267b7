#include <algorithm>
#include <initializer_list>
#include <limits>

#include "plan/conv.h"
#include "plan/layout.h"

namespace convscope {
namespace {

// What one lane does in one step; shaders/conv_broadcast.comp explains and draws it.
struct Tile {
  int run;      // pixels of a row
  int channels; // output channels
  int taps;     // kernel columns
};

constexpr int max_sums = 144;     // accumulators a lane: beyond, compile time doubles, speed does not
constexpr int max_products = 640; // unrolled multiplications a step, for the same reason

int runs_an_image(const gpu::ConvParams &p, int run) { return p.out_h * divide_up(p.out_w, run); }

// Whether every lane's window has the same remainder by 4.
bool same_remainder(const gpu::ConvParams &p, const Tile &tile) {
  return p.in_w % 4 == 0 && tile.run * p.stride_w % 4 == 0 && tile.taps == p.kernel_w;
}

// Nanoseconds of an image, measured on one core of Mesa's llvmpipe. Neither batch nor addresses count: packing must not
// depend on them.
double cost(const gpu::ConvParams &p, const Tile &tile) {
  constexpr int lanes = 8;
  constexpr double load = 6.4, select = 0.8, product = 0.33, sum = 0.25, step = 12, store = 20;
  int window = (tile.run - 1) * p.stride_w + (tile.taps - 1) * p.dilation_w + 1;
  bool known = same_remainder(p, tile);
  int texels = divide_up((known ? window_shift(p.pad_left) : 3) + window, 4);
  int sums = tile.channels * tile.run;
  double loads =
      (texels + divide_up(divide_up(tile.channels * tile.taps, 4), lanes)) * load + window * (known ? 1 : 3) * select;
  int runs_of_taps = p.kernel_w / tile.taps;
  double steps = static_cast<double>(p.in_c) * p.kernel_h * runs_of_taps;
  double workgroup = steps * (loads + sums * tile.taps * product + sums * sum + step) + sums * store;
  return workgroup * divide_up(runs_an_image(p, tile.run), lanes) * divide_up(p.out_c, tile.channels);
}

// Its channels, for which weights are packed, may be given.
Tile choose_tile(const gpu::ConvParams &p, int channels = 0) {
  Tile best{.run = 1, .channels = 1, .taps = 1};
  for (int taps = 2; taps <= 11; ++taps)
    if (p.kernel_w % taps == 0)
      best.taps = taps;
  double least = std::numeric_limits<double>::infinity();
  Tile tile = best;
  for (int tiles = divide_up(p.out_c, 32); tiles <= divide_up(p.out_c, 4); ++tiles) {
    tile.channels = divide_up(p.out_c, tiles); // as equal as can be
    if (channels > 0 && tile.channels != channels)
      continue;
    for (tile.run = 1; tile.run <= 16; ++tile.run) {
      int sums = tile.channels * tile.run;
      if (sums > max_sums || sums * tile.taps > max_products)
        break;
      double nanoseconds = cost(p, tile);
      if (nanoseconds < least) {
        least = nanoseconds;
        best = tile;
      }
    }
  }
  return best;
}

// (groups, tiles, in_c, kernel_h, kernel_w / taps) steps of (channels, taps) weights, each step padded to vec4s.
// Channels beyond out_c weigh 0.
std::vector<float> pack_broadcast(const gpu::ConvParams &p, const Tile &tile, std::span<const float> weights) {
  std::vector<float> packed;
  auto append_step = [&](int group, int first, int i, int ky, int kx) {
    for (int c = 0; c < tile.channels; ++c)
      for (int tap = 0; tap < tile.taps; ++tap) {
        auto row = (static_cast<std::size_t>(group * p.out_c + first + c) * static_cast<std::size_t>(p.in_c) +
                    static_cast<std::size_t>(i)) *
                   static_cast<std::size_t>(p.kernel_h);
        std::size_t at = (row + static_cast<std::size_t>(ky)) * static_cast<std::size_t>(p.kernel_w);
        packed.push_back(first + c < p.out_c ? weights[at + static_cast<std::size_t>(kx + tap)] : 0.0F);
      }
    packed.resize((packed.size() + 3) / 4 * 4);
  };
  for (int group = 0; group < p.groups; ++group)
    for (int first = 0; first < p.out_c; first += tile.channels)
      for (int i = 0; i < p.in_c; ++i)
        for (int ky = 0; ky < p.kernel_h; ++ky)
          for (int kx = 0; kx < p.kernel_w; kx += tile.taps)
            append_step(group, first, i, ky, kx);
  return packed;
}

} // namespace

ConvKernel broadcast_conv(const gpu::ConvParams &p, const gpu::ConvParams &sized, std::uint32_t epilogue,
                          std::uint32_t subgroup_size) {
  gpu::ConvParams at = sized;
  at.out_c = p.out_c; // some of its channels (narrowing.h): tiles are of these
  Tile tile = choose_tile(p, choose_tile(at).channels);
  bool aligned = same_remainder(p, tile) && multiples_of_4({p.in_base, p.in_batch_stride});
  const bool whole_quads = tile.run % 4 == 0 && writes_whole_quads(p);
  ConvKernel kernel;
  kernel.shader = "conv_broadcast";
  kernel.constants = {subgroup_size, epilogue};
  append(kernel.constants,
         {tile.run, tile.channels, tile.taps, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h,
          p.dilation_w, aligned ? window_shift(p.pad_left) : -1, whole_quads ? 1 : 0, p.out_step_w});
  kernel.packing = std::to_string(tile.channels); // taps follow from the weights' shape
  auto runs = static_cast<std::uint32_t>(p.batch * runs_an_image(p, tile.run));
  std::uint32_t workgroups = (runs + subgroup_size - 1) / subgroup_size;
  const auto [x, layers] = layered_groups(workgroups);
  kernel.pack = [p, tile](std::span<const float> weights) { return pack_broadcast(p, tile, weights); };
  kernel.groups = {x, static_cast<std::uint32_t>(p.groups * divide_up(p.out_c, tile.channels)), layers};
  return kernel;
}

} // namespace convscope
