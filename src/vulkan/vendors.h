// Who makes a device: DeviceInfo::vendor_id. PCI's numbers, but for Mesa's.
#pragma once

#include <cstdint>

namespace convscope::vulkan::vendor {

constexpr std::uint32_t amd = 0x1002, apple = 0x106B, arm = 0x13B5, broadcom = 0x14E4, google = 0x1AE0,
                        imagination = 0x1010, intel = 0x8086, nvidia = 0x10DE, qualcomm = 0x5143;
// Of its CPU drivers, and of Honeykrisp, which drives Apple's GPUs on Linux.
constexpr std::uint32_t mesa = 0x10005;

} // namespace convscope::vulkan::vendor
