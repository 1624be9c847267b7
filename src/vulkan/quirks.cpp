#include "vulkan/quirks.h"

#include <algorithm>

#include "vulkan/vendors.h"

namespace convscope::vulkan {
namespace {

constexpr std::uint32_t swiftshader = 0xc0de; // Google's

// Intel's GPUs before matrix units: Skylake to Meteor Lake, and the Arrow Lakes but H. Families by the upper byte of
// their PCI numbers; a list that is closed, as later ones have the units.
bool lacks_matrix_units(const DeviceInfo &info) {
  constexpr std::uint32_t families[] = {0x0a, 0x19, 0x1a, 0x31, 0x3e, 0x45, 0x46, 0x49, 0x4c,
                                        0x4e, 0x59, 0x5a, 0x7d, 0x87, 0x8a, 0x9a, 0x9b, 0xa7};
  constexpr std::uint32_t arrow_lake_h[] = {0x7d51, 0x7dd1};
  return info.vendor_id == vendor::intel &&
         std::find(std::begin(families), std::end(families), info.device_id >> 8) != std::end(families) &&
         std::find(std::begin(arrow_lake_h), std::end(arrow_lake_h), info.device_id) == std::end(arrow_lake_h);
}

constexpr QuirkRow table[] = {
    {Quirk::portability_subset, "portability_subset", [](const DeviceInfo &info) { return info.portability_subset; },
     "the device is opened with VK_KHR_portability_subset",
     "it is not wholly Vulkan (MoltenVK), and the specification demands that whoever opens it says to know that"},
    {Quirk::no_vkfft, "no_vkfft", [](const DeviceInfo &info) { return info.vendor_id == vendor::broadcom; },
     "Fourier transforms are sums over whole rows and columns instead of VkFFT's kernels",
     "V3DV's compiler (Raspberry Pi) does not end with VkFFT's kernels for more than 64 pixels a side"},
    {Quirk::small_shaders, "small_shaders",
     [](const DeviceInfo &info) {
       return info.vendor_id == vendor::broadcom || (info.vendor_id == vendor::google && info.device_id == swiftshader);
     },
     "gradients of max pools are computed for four pixels a thread instead of eight, and products of convolutions are "
     "not unrolled",
     "SwiftShader's compiler does not end within minutes otherwise, V3DV's (Raspberry Pi) takes many seconds a kernel"},
    {Quirk::emulated_matrices, "emulated_matrices",
     [](const DeviceInfo &info) { return info.cooperative_matrix && lacks_matrix_units(info); },
     "fp16 does not multiply by cooperative matrices",
     "Mesa's ANV offers matrices for all of Intel's GPUs, and composes them of usual instructions where there are no "
     "units"},
    {Quirk::unpacked_halves, "unpacked_halves",
     [](const DeviceInfo &info) { return info.vendor_id == vendor::intel && info.float16; },
     "fp16 multiplies in packed arithmetic only where tune finds that to pay, and a thread has half as many sums then",
     "Mesa's compiler for Intel packs nothing: halves take as many registers as floats, and each product is an "
     "instruction, as a float's is, beside those that unpack it"},
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
