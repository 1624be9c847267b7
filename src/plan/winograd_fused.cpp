// Winograd's method for GPUs: one kernel.
#include <algorithm>

#include "plan/conv.h"
#include "plan/conv_work.h"
#include "plan/layout.h"
#include "plan/winograd.h"

namespace convscope {

namespace {

using gpu::WINOGRAD_CHANNELS, gpu::WINOGRAD_DEPTH;

// As many workgroups as fill a device of 128 processors, once and twice over.
constexpr int enough_groups = 128, plenty_groups = 256;

int tiles_of_image(const gpu::ConvParams &p) { return divide_up(p.out_h, 2) * divide_up(p.out_w, 2); }

int groups_of_image(const gpu::ConvParams &p, int tiles) {
  return divide_up(tiles_of_image(p), tiles) * divide_up(p.out_c, WINOGRAD_CHANNELS);
}

int steps_of(const gpu::ConvParams &p) { return divide_up(p.in_c, WINOGRAD_DEPTH); }

// That a workgroup does. All by one image, never by the batch, so that sums stay the same.
int tiles_at_once(const gpu::ConvParams &p) { return groups_of_image(p, 32) >= enough_groups ? 32 : 16; }

int parts_of(const gpu::ConvParams &p) {
  constexpr int fewest_steps = 16, most_parts = 16;
  return std::clamp(plenty_groups / groups_of_image(p, tiles_at_once(p)), 1,
                    std::clamp(steps_of(p) / fewest_steps, 1, most_parts));
}

// (blocks of output channels, steps, 9, WINOGRAD_DEPTH, WINOGRAD_CHANNELS), zero beyond the last channels.
std::vector<float> pack(const gpu::ConvParams &p, std::span<const float> weights) {
  constexpr std::size_t step_floats = std::size_t{9} * WINOGRAD_DEPTH * WINOGRAD_CHANNELS;
  const auto blocks = static_cast<std::size_t>(divide_up(p.out_c, WINOGRAD_CHANNELS));
  const auto steps = static_cast<std::size_t>(steps_of(p));
  std::vector<float> packed(blocks * steps * step_floats, 0.0F);
  const auto in_c = static_cast<std::size_t>(p.in_c), out_c = static_cast<std::size_t>(p.out_c);
  for (std::size_t c = 0; c < out_c; ++c)
    for (std::size_t i = 0; i < in_c; ++i)
      for (std::size_t tap = 0; tap < 9; ++tap) {
        const std::size_t step = c / WINOGRAD_CHANNELS * steps + i / WINOGRAD_DEPTH;
        const std::size_t at = (tap * WINOGRAD_DEPTH + i % WINOGRAD_DEPTH) * WINOGRAD_CHANNELS + c % WINOGRAD_CHANNELS;
        packed[step * step_floats + at] = weights[(c * in_c + i) * 9 + tap];
      }
  return packed;
}

} // namespace

ConvWork winograd_fused_work(const gpu::ConvParams &p) {
  // Instructions of shaders/winograd_fused.comp, whole blocks of it: 16 products; a window's addresses, border and
  // transform; a filter's.
  constexpr double window = 64, filter = 44;
  const int tiles = tiles_at_once(p);
  const double blocks_m = divide_up(p.out_c, WINOGRAD_CHANNELS), blocks_n = divide_up(tiles_of_image(p), tiles);
  const double each = 16.0 * WINOGRAD_CHANNELS * tiles + window * tiles + filter * WINOGRAD_CHANNELS;
  return {2 * blocks_m * blocks_n * steps_of(p) * WINOGRAD_DEPTH * each, bytes_moved(p, parts_of(p))};
}

bool winograd_fused_pays(const gpu::ConvParams &p, int parts_by_definition) {
  constexpr double clearly = 0.9;
  return roofline(winograd_fused_work(p)) < clearly * roofline(work_by_definition(p, parts_by_definition));
}

ConvKernel winograd_fused_conv(const gpu::ConvParams &p, std::uint32_t epilogue) {
  const int tiles = tiles_at_once(p);
  ConvKernel kernel;
  kernel.shader = "winograd_fused";
  kernel.parts = parts_of(p);
  kernel.constants = {epilogue, static_cast<std::uint32_t>(tiles), static_cast<std::uint32_t>(kernel.parts)};
  const auto [x, layers] = layered_groups(divide_up(p.batch * tiles_of_image(p), tiles));
  kernel.pack = [p](std::span<const float> weights) { return pack(p, weights); };
  kernel.groups = {x, static_cast<std::uint32_t>(divide_up(p.out_c, WINOGRAD_CHANNELS) * kernel.parts), layers};
  return kernel;
}

} // namespace convscope
