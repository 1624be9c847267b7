// What kernels may count on of a device's subgroups.
#pragma once

#include "vulkan/device.h"

namespace convscope {

// Whether a workgroup of the reported width is one subgroup, whose lanes pass each other values.
inline bool passes_values(const vulkan::DeviceInfo &device) {
  return device.subgroup_shuffle && device.subgroup_fixed();
}

// Whether lanes and the bits of their words make a square, as bit_transpose.glsl wants it of Winograd's output.
inline bool transposes_bits(const vulkan::DeviceInfo &device) {
  return passes_values(device) && device.subgroup_size <= 32;
}

// Whether a subgroup is a CPU's vector. A CPU driver's is as wide as its vectors; a GPU's is 32 or 64 wide, an
// integrated one's 8 to 32.
inline bool has_vector_lanes(const vulkan::DeviceInfo &device) {
  return device.is_cpu() && passes_values(device) && device.subgroup_size <= 16;
}

} // namespace convscope
