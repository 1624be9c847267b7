#include "vulkan/quirks.h"

#include <algorithm>

namespace convscope::vulkan {
namespace {

constexpr std::uint32_t vendor_broadcom = 0x14e4, vendor_google = 0x1ae0, swiftshader = 0xc0de;

constexpr QuirkRow table[] = {
    {Quirk::portability_subset, "portability_subset", [](const DeviceInfo &info) { return info.portability_subset; },
     "the device is opened with VK_KHR_portability_subset",
     "it is not wholly Vulkan (MoltenVK), and the specification demands that whoever opens it says to know that"},
    {Quirk::no_vkfft, "no_vkfft", [](const DeviceInfo &info) { return info.vendor_id == vendor_broadcom; },
     "Fourier transforms are sums over whole rows and columns instead of VkFFT's kernels",
     "V3DV's compiler (Raspberry Pi) does not end with VkFFT's kernels for more than 64 pixels a side"},
    {Quirk::small_shaders, "small_shaders",
     [](const DeviceInfo &info) { return info.vendor_id == vendor_google && info.device_id == swiftshader; },
     "gradients of max pools are computed for four pixels a thread instead of eight",
     "SwiftShader's compiler takes a fraction of a second for four, and does not end within minutes for eight"},
};

} // namespace

std::span<const QuirkRow> all_quirks() { return table; }

std::vector<const QuirkRow *> quirks_of(const DeviceInfo &info) {
  std::vector<const QuirkRow *> found;
  for (const QuirkRow &row : table)
    if (row.applies(info))
      found.push_back(&row);
  return found;
}

bool has_quirk(const DeviceInfo &info, Quirk quirk) {
  return std::any_of(std::begin(table), std::end(table),
                     [&](const QuirkRow &row) { return row.quirk == quirk && row.applies(info); });
}

} // namespace convscope::vulkan
