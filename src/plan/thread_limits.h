// What a thread may hold and a workgroup may have on each maker's GPUs, for the kernels that keep sums in registers.
#pragma once

#include "vulkan/device.h"

namespace convscope {

// The most sums a thread and threads a workgroup. Mesa's compiler for Intel holds sums twice where products are
// unrolled, mobile GPUs have few registers and few threads: what spills costs more than larger tiles save. `ahead`:
// whether there are registers for what the next step loads, and where from, beside 16 sums. Mali has 64, of which an
// address takes two; a Raspberry Pi's GPU has 64, too.
struct ThreadLimits {
  int sums, threads;
  bool ahead;
};

inline ThreadLimits thread_limits(const vulkan::DeviceInfo &device) {
  switch (device.vendor_id) {
  case 0x8086: // Intel
    return {16, 256, true};
  case 0x106B: // Apple
    return {32, 256, true};
  case 0x5143: // Qualcomm
    return {16, 128, true};
  case 0x13B5: // Arm
  case 0x14E4: // Broadcom
  case 0x1010: // Imagination
    return {16, 128, false};
  default:
    return {64, 256, true};
  }
}

} // namespace convscope
