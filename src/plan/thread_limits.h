// What a thread may hold and a workgroup may have on each maker's GPUs, for the kernels that keep sums in registers.
#pragma once

#include "vulkan/device.h"
#include "vulkan/vendors.h"

namespace convscope {

// Of what the outputs of one thread see of a row, in registers, fewer columns than these.
constexpr int most_window_columns = 48;

// The most sums a thread and threads a workgroup. Mesa's compiler for Intel holds sums twice where products are
// unrolled, mobile GPUs have few registers and few threads: what spills costs more than larger tiles save.
struct ThreadLimits {
  int sums = 64, threads = 256;
  // Mali has 64, of which an address takes two; a Raspberry Pi's GPU has 64, too.
  bool few_registers = false;
  // Whether a matrix product loads its next step's tile while it multiplies. Intel's GPUs have eight threads to wait in
  // turns, and without those registers Mesa's compiler makes most products 16 lanes wide instead of 8.
  bool ahead = true;
};

// NVIDIA's GK107, GK104 and GK106, by their PCI numbers: 63 registers a thread, where all later ones have 255.
inline bool is_small_kepler(const vulkan::DeviceInfo &device) {
  const std::uint32_t id = device.device_id;
  return (id >= 0x0FC0 && id <= 0x0FFF) || (id >= 0x1180 && id <= 0x11FF);
}

inline ThreadLimits thread_limits(const vulkan::DeviceInfo &device) {
  namespace vendor = vulkan::vendor;
  switch (device.vendor_id) {
  case vendor::intel:
    return {.sums = 16, .ahead = false};
  case vendor::apple:
    return {.sums = 32};
  case vendor::mesa:
    return device.type == "integrated" ? ThreadLimits{.sums = 32} : ThreadLimits{}; // Apple's, too
  case vendor::qualcomm:
    return {.sums = 16, .threads = 128};
  case vendor::nvidia:
    return is_small_kepler(device) ? ThreadLimits{.sums = 16, .few_registers = true, .ahead = false} : ThreadLimits{};
  case vendor::arm:
  case vendor::broadcom:
  case vendor::imagination:
    return {.sums = 16, .threads = 128, .few_registers = true, .ahead = false};
  default:
    return {};
  }
}

} // namespace convscope
