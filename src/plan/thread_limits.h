// What a thread may hold and a workgroup may have on each maker's GPUs, for the kernels that keep sums in registers.
#pragma once

#include "vulkan/device.h"

namespace convscope {

// The most sums a thread and threads a workgroup. Mesa's compiler for Intel holds sums twice where products are
// unrolled, mobile GPUs have few registers and few threads: what spills costs more than larger tiles save.
struct ThreadLimits {
  int sums, threads;
};

inline ThreadLimits thread_limits(const vulkan::DeviceInfo &device) {
  switch (device.vendor_id) {
  case 0x8086: // Intel
    return {16, 256};
  case 0x106B: // Apple
    return {32, 256};
  case 0x5143: // Qualcomm
  case 0x13B5: // Arm
  case 0x14E4: // Broadcom
  case 0x1010: // Imagination
    return {16, 128};
  default:
    return {64, 256};
  }
}

} // namespace convscope
