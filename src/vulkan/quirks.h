// What some drivers need done otherwise, in one place: a row a quirk, with its reason. Limits that a driver reports are
// no quirks; kernels are chosen by those.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "vulkan/device.h"

namespace convscope::vulkan {

enum class Quirk {
  portability_subset,
  no_vkfft,
  small_shaders,
  emulated_matrices,
  unpacked_halves,
};

struct QuirkRow {
  Quirk quirk;
  std::string_view name;
  bool (*applies)(const DeviceInfo &); // by vendor, driver, version, or what only such drivers have
  std::string_view change, reason;
};

std::span<const QuirkRow> all_quirks();
// Those in use on a device, in the table's order.
std::vector<const QuirkRow *> quirks_of(const DeviceInfo &info);
bool has_quirk(const DeviceInfo &info, Quirk quirk);

} // namespace convscope::vulkan
