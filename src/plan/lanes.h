// Whether a device's subgroup is a CPU's vector, whose lanes the kernels of CPU drivers count on.
#pragma once

#include "vulkan/device.h"

namespace convscope {

// A CPU driver's subgroup is as wide as its vectors; a GPU's is 32 or 64 wide, an integrated one's 8 to 32.
inline bool has_vector_lanes(const vulkan::DeviceInfo &device) {
  return device.is_cpu() && device.subgroup_shuffle && device.subgroup_size <= 16 && device.subgroup_fixed();
}

} // namespace convscope
