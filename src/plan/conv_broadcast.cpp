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
  int unroll;   // input channels
};

constexpr int max_sums = 144;     // accumulators a lane: beyond, compile time doubles, speed does not
constexpr int max_products = 640; // unrolled multiplications a step, for the same reason

// A 1x1 kernel that meets every pixel once: an image is one long row, which wastes no lanes on row ends.
bool is_flat(const gpu::ConvParams &p) {
  return p.kernel_h == 1 && p.kernel_w == 1 && p.stride_h == 1 && p.stride_w == 1 && p.pad_top == 0 &&
         p.pad_left == 0 && p.out_h == p.in_h && p.out_w == p.in_w && p.out_rows == p.out_h && p.out_cols == p.out_w &&
         p.out_step_h == 1 && p.out_step_w == 1 && p.out_offset_h == 0 && p.out_offset_w == 0;
}

int runs_an_image(const gpu::ConvParams &p, int run) {
  return is_flat(p) ? divide_up(p.out_h * p.out_w, run) : p.out_h * divide_up(p.out_w, run);
}

// Whether windows may be loaded by vec4: then every lane's window has the same remainder by 4.
bool vector_windows(const gpu::ConvParams &p, const Tile &tile) {
  int row = is_flat(p) ? p.in_h * p.in_w : p.in_w;
  return row % 4 == 0 && tile.run * p.stride_w % 4 == 0 && tile.taps == p.kernel_w && tile.taps >= p.stride_w &&
         p.dilation_w == 1;
}

// First column of the window, by 4.
int remainder(const gpu::ConvParams &p) { return ((-p.pad_left) % 4 + 4) % 4; }

// Nanoseconds of an image, measured on one core of Mesa's llvmpipe: a load is a loop over the lanes, and four floats
// cost it twice as much as one. Neither batch nor addresses count: packing must not depend on them.
double cost(const gpu::ConvParams &p, const Tile &tile) {
  constexpr int lanes = 8;
  constexpr double scalar_load = 24.5, vector_load = 49, product = 0.45, sum = 0.25, step = 20, store = 60;
  int window = (tile.run - 1) * p.stride_w + (tile.taps - 1) * p.dilation_w + 1;
  int scalars = std::min(window, tile.run * tile.taps), vectors = 0;
  if (vector_windows(p, tile)) {
    int lead = std::min(window, (4 - remainder(p)) % 4);
    vectors = (window - lead) / 4;
    scalars = window - 4 * vectors;
  }
  int sums = tile.channels * tile.run, depth = tile.unroll * tile.taps;
  double loads = tile.unroll * (scalars * scalar_load + vectors * vector_load) +
                 divide_up(divide_up(tile.channels * depth, 4), lanes) * vector_load;
  int steps_a_row = p.kernel_w / tile.taps;
  double steps = static_cast<double>(p.in_c) / tile.unroll * p.kernel_h * steps_a_row;
  double workgroup = steps * (loads + sums * depth * product + sums * sum + step) + sums * store;
  return workgroup * divide_up(runs_an_image(p, tile.run), lanes) * divide_up(p.out_c, tile.channels);
}

Tile choose_tile(const gpu::ConvParams &p) {
  Tile best{.run = 1, .channels = 1, .taps = 1, .unroll = 1};
  for (int taps = 2; taps <= 11; ++taps)
    if (p.kernel_w % taps == 0)
      best.taps = taps;
  if (p.kernel_h == 1 && p.kernel_w == 1)
    best.unroll = p.in_c % 4 == 0 ? 4 : p.in_c % 3 == 0 ? 3 : p.in_c % 2 == 0 ? 2 : 1;
  double least = std::numeric_limits<double>::infinity();
  Tile tile = best;
  for (int tiles = divide_up(p.out_c, 16); tiles <= divide_up(p.out_c, 4); ++tiles) {
    tile.channels = divide_up(p.out_c, tiles); // as equal as can be
    for (tile.run = 1; tile.run <= 16; ++tile.run) {
      int sums = tile.channels * tile.run;
      if (sums > max_sums || sums * tile.unroll * tile.taps > max_products)
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

} // namespace

ConvKernel broadcast_conv(const gpu::ConvParams &p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  Tile tile = choose_tile(p);
  bool aligned = vector_windows(p, tile) && p.in_base % 4 == 0 && p.in_batch_stride % 4 == 0;
  ConvKernel kernel;
  kernel.shader = "conv_broadcast";
  kernel.constants = {subgroup_size, epilogue};
  for (int constant : {tile.run, tile.channels, tile.taps, tile.unroll, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w,
                       p.dilation_h, p.dilation_w, is_flat(p) ? 1 : 0, aligned ? remainder(p) : -1})
    kernel.constants.push_back(static_cast<std::uint32_t>(constant));
  kernel.packing = std::to_string(tile.channels); // taps and unroll follow from the weights' shape
  auto runs = static_cast<std::uint32_t>(p.batch * runs_an_image(p, tile.run));
  std::uint32_t workgroups = (runs + subgroup_size - 1) / subgroup_size;
  const auto [x, layers] = layered_groups(workgroups);
  kernel.groups = {x, static_cast<std::uint32_t>(p.groups * divide_up(p.out_c, tile.channels)), layers};
  return kernel;
}

// (groups, tiles, in_c / unroll, kernel_h, kernel_w / taps) steps of (channels, unroll, taps) weights, each step padded
// to vec4s. Channels beyond out_c weigh 0.
std::vector<float> pack_broadcast(const gpu::ConvParams &p, std::span<const float> weights) {
  Tile tile = choose_tile(p);
  std::vector<float> packed;
  auto append = [&](int group, int channel, int i, int ky, int kx) {
    auto row = static_cast<std::size_t>(group * p.out_c + channel) * static_cast<std::size_t>(p.in_c);
    std::size_t at = (row + static_cast<std::size_t>(i)) * static_cast<std::size_t>(p.kernel_h * p.kernel_w);
    packed.push_back(channel < p.out_c ? weights[at + static_cast<std::size_t>(ky * p.kernel_w + kx)] : 0.0f);
  };
  auto append_step = [&](int group, int first, int i, int ky, int kx) {
    for (int c = 0; c < tile.channels; ++c)
      for (int u = 0; u < tile.unroll; ++u)
        for (int tap = 0; tap < tile.taps; ++tap)
          append(group, first + c, i + u, ky, kx + tap);
    packed.resize((packed.size() + 3) / 4 * 4);
  };
  for (int group = 0; group < p.groups; ++group)
    for (int first = 0; first < p.out_c; first += tile.channels)
      for (int i = 0; i < p.in_c; i += tile.unroll)
        for (int ky = 0; ky < p.kernel_h; ++ky)
          for (int kx = 0; kx < p.kernel_w; kx += tile.taps)
            append_step(group, first, i, ky, kx);
  return packed;
}

} // namespace convscope
