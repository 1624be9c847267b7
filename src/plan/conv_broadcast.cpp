#include "plan/conv.h"

#include <algorithm>

namespace convscope {
namespace {

// Tile of one lane; the meaning of each is in shaders/conv_broadcast.comp.
struct Tile {
  int run;
  int channels;
  int taps;
  int unroll;
};

constexpr int max_step_weights = 96; // what the shader's macros unroll
constexpr std::uint32_t max_workgroups = 65535;

int divide_up(int a, int b) { return (a + b - 1) / b; }

Tile choose_tile(const gpu::ConvParams& p) {
  Tile tile{};
  tile.taps = p.kernel_w <= 5 ? p.kernel_w : 1;
  tile.unroll = 1;
  if (p.kernel_h * p.kernel_w == 1)
    tile.unroll = p.in_c % 4 == 0 ? 4 : p.in_c % 3 == 0 ? 3 : p.in_c % 2 == 0 ? 2 : 1;
  tile.channels = divide_up(p.out_c, divide_up(p.out_c, 16)); // equal tiles of at most 16 channels
  int runs = divide_up(p.out_w, 8);
  tile.run = divide_up(p.out_w, runs);
  return tile;
}

} // namespace

ConvKernel broadcast_conv(const gpu::ConvParams& p, std::uint32_t epilogue, std::uint32_t subgroup_size) {
  Tile tile = choose_tile(p);
  ConvKernel kernel;
  kernel.shader = "conv_broadcast";
  kernel.constants = {subgroup_size, epilogue};
  for (int constant : {tile.run, tile.channels, tile.taps, tile.unroll, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w,
                       p.dilation_h, p.dilation_w})
    kernel.constants.push_back(static_cast<std::uint32_t>(constant));
  int runs = p.batch * p.out_h * divide_up(p.out_w, tile.run);
  auto workgroups = static_cast<std::uint32_t>(divide_up(runs, static_cast<int>(subgroup_size)));
  std::uint32_t layers = (workgroups + max_workgroups - 1) / max_workgroups;
  kernel.groups = {(workgroups + layers - 1) / layers,
                   static_cast<std::uint32_t>(p.groups * divide_up(p.out_c, tile.channels)), layers};
  return kernel;
}

// (groups, tiles, in_c / unroll, kernel_h, kernel_w / taps, tile channels, unroll, taps); absent channels weigh 0.
std::vector<float> pack_broadcast(const gpu::ConvParams& p, std::span<const float> weights) {
  Tile tile = choose_tile(p);
  int tiles = divide_up(p.out_c, tile.channels);
  std::vector<float> packed;
  packed.reserve(static_cast<std::size_t>(p.groups) * static_cast<std::size_t>(tiles * tile.channels) *
                 static_cast<std::size_t>(p.in_c * p.kernel_h * p.kernel_w));
  auto append = [&](int group, int channel, int i, int ky, int kx) {
    auto row = static_cast<std::size_t>(group * p.out_c + channel) * static_cast<std::size_t>(p.in_c);
    std::size_t at = (row + static_cast<std::size_t>(i)) * static_cast<std::size_t>(p.kernel_h * p.kernel_w);
    packed.push_back(channel < p.out_c ? weights[at + static_cast<std::size_t>(ky * p.kernel_w + kx)] : 0.0f);
  };
  for (int group = 0; group < p.groups; ++group)
    for (int first = 0; first < p.out_c; first += tile.channels)
      for (int i = 0; i < p.in_c; i += tile.unroll)
        for (int ky = 0; ky < p.kernel_h; ++ky)
          for (int kx = 0; kx < p.kernel_w; kx += tile.taps)
            for (int c = 0; c < tile.channels; ++c)
              for (int u = 0; u < tile.unroll; ++u)
                for (int tap = 0; tap < tile.taps; ++tap)
                  append(group, first + c, i + u, ky, kx + tap);
  return packed;
}

} // namespace convscope
