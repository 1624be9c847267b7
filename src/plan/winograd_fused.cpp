// Winograd's method for GPUs: one kernel.
#include <algorithm>

#include "plan/conv.h"
#include "plan/conv_work.h"
#include "plan/layout.h"
#include "plan/thread_limits.h"
#include "plan/winograd.h"
#include "vulkan/device.h"

namespace convscope {

namespace {

using gpu::WINOGRAD_CHANNELS, gpu::WINOGRAD_DEPTH;

// As many workgroups as fill a device of 128 processors, once and twice over.
constexpr int enough_groups = 128, plenty_groups = 256;

int tiles_of_image(const gpu::ConvParams &p) { return divide_up(p.out_h, 2) * divide_up(p.out_w, 2); }

int groups_of_image(const gpu::ConvParams &p, int channels_of_net, int tiles) {
  return divide_up(tiles_of_image(p), tiles) * divide_up(channels_of_net, WINOGRAD_CHANNELS);
}

int steps_of(const gpu::ConvParams &p) { return divide_up(p.in_c, WINOGRAD_DEPTH); }

// With 32 tiles a thread has 64 sums.
bool has_few_registers(const vulkan::DeviceInfo &device) { return thread_limits(device).sums < 64; }

// Tiles that a workgroup does, and parts of its sums. All by one image, never by the batch, so that sums stay the same.
struct Cut {
  int tiles, parts;
};

Cut cut(const gpu::ConvParams &p, int channels_of_net, const vulkan::DeviceInfo &device) {
  constexpr int fewest_steps = 16, most_parts = 16;
  const int tiles = groups_of_image(p, channels_of_net, 32) >= enough_groups && !has_few_registers(device) ? 32 : 16;
  return {tiles, std::clamp(plenty_groups / groups_of_image(p, channels_of_net, tiles), 1,
                            std::clamp(steps_of(p) / fewest_steps, 1, most_parts))};
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

bool winograd_fused_applies(const gpu::ConvParams &p, const vulkan::DeviceInfo &device) {
  // A thread holds a window's 16 elements, and where they are, beside its sums.
  return winograd_applies(p) && p.kernel_h == 3 && device.max_invocations >= gpu::WINOGRAD_THREADS &&
         device.max_group_size[0] >= gpu::WINOGRAD_THREADS && !thread_limits(device).few_registers;
}

ConvWork winograd_fused_work(const gpu::ConvParams &p, const vulkan::DeviceInfo &device) {
  // Instructions of shaders/winograd_fused.comp, whole blocks of it: 16 products; a window's addresses, border and
  // transform; a filter's.
  constexpr double window = 64, filter = 44;
  const auto [tiles, parts] = cut(p, p.out_c, device);
  const double blocks_m = divide_up(p.out_c, WINOGRAD_CHANNELS), blocks_n = divide_up(tiles_of_image(p), tiles);
  const double each = 16.0 * WINOGRAD_CHANNELS * tiles + window * tiles + filter * WINOGRAD_CHANNELS;
  return {2 * blocks_m * blocks_n * steps_of(p) * WINOGRAD_DEPTH * each, bytes_moved(p, parts)};
}

bool winograd_fused_pays(const gpu::ConvParams &p, const vulkan::DeviceInfo &device, int parts_by_definition) {
  constexpr double clearly = 0.9;
  return roofline(winograd_fused_work(p, device)) < clearly * roofline(work_by_definition(p, parts_by_definition));
}

ConvKernel winograd_fused_conv(const gpu::ConvParams &p, int channels_of_net, std::uint32_t epilogue,
                               const vulkan::DeviceInfo &device) {
  const auto [tiles, parts] = cut(p, channels_of_net, device);
  ConvKernel kernel;
  kernel.shader = "winograd_fused";
  kernel.parts = parts;
  kernel.constants = {epilogue, static_cast<std::uint32_t>(tiles), static_cast<std::uint32_t>(parts),
                      has_few_registers(device) ? 0U : 1U};
  const auto [x, layers] = layered_groups(divide_up(p.batch * tiles_of_image(p), tiles));
  kernel.pack = [p](std::span<const float> weights) { return pack(p, weights); };
  kernel.groups = {x, static_cast<std::uint32_t>(divide_up(p.out_c, WINOGRAD_CHANNELS) * parts), layers};
  return kernel;
}

} // namespace convscope
