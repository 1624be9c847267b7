// Words for failed Vulkan calls.
#include <fmt/format.h>

#include "base/error.h"
#include "vulkan/device.h"

namespace convscope::vulkan {
namespace {

std::string result_name(VkResult result) {
  switch (result) {
#define CONVSCOPE_NAME(code)                                                                                           \
  case code:                                                                                                           \
    return #code
    CONVSCOPE_NAME(VK_ERROR_OUT_OF_HOST_MEMORY);
    CONVSCOPE_NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY);
    CONVSCOPE_NAME(VK_ERROR_INITIALIZATION_FAILED);
    CONVSCOPE_NAME(VK_ERROR_DEVICE_LOST);
    CONVSCOPE_NAME(VK_ERROR_MEMORY_MAP_FAILED);
    CONVSCOPE_NAME(VK_ERROR_LAYER_NOT_PRESENT);
    CONVSCOPE_NAME(VK_ERROR_EXTENSION_NOT_PRESENT);
    CONVSCOPE_NAME(VK_ERROR_FEATURE_NOT_PRESENT);
    CONVSCOPE_NAME(VK_ERROR_INCOMPATIBLE_DRIVER);
    CONVSCOPE_NAME(VK_ERROR_TOO_MANY_OBJECTS);
    CONVSCOPE_NAME(VK_ERROR_FORMAT_NOT_SUPPORTED);
    CONVSCOPE_NAME(VK_ERROR_FRAGMENTED_POOL);
    CONVSCOPE_NAME(VK_ERROR_UNKNOWN);
    CONVSCOPE_NAME(VK_ERROR_OUT_OF_POOL_MEMORY);
    CONVSCOPE_NAME(VK_ERROR_FRAGMENTATION);
    CONVSCOPE_NAME(VK_ERROR_SURFACE_LOST_KHR);
    CONVSCOPE_NAME(VK_ERROR_NATIVE_WINDOW_IN_USE_KHR);
    CONVSCOPE_NAME(VK_ERROR_OUT_OF_DATE_KHR);
    CONVSCOPE_NAME(VK_ERROR_VALIDATION_FAILED_EXT);
    CONVSCOPE_NAME(VK_ERROR_INVALID_SHADER_NV);
#undef CONVSCOPE_NAME
  default:
    return fmt::format("VkResult {}", static_cast<int>(result));
  }
}

} // namespace

void check(VkResult result, const char *call, std::string_view doing) {
  if (result >= 0)
    return;
  const std::string during = doing.empty() ? "" : fmt::format(" while {}", doing);
  const std::string code = result_name(result);
  if (result == VK_ERROR_DEVICE_LOST)
    throw DeviceLost(fmt::format("the Vulkan device was lost{} ({})", during, call));
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_POOL_MEMORY)
    throw DeviceError(fmt::format("the Vulkan device ran out of memory{} ({}: {})", during, call, code));
  if (result == VK_ERROR_OUT_OF_HOST_MEMORY)
    throw DeviceError(fmt::format("the Vulkan driver ran out of main memory{} ({}: {})", during, call, code));
  throw DeviceError(fmt::format("{} failed: {}{}", call, code, doing.empty() ? "" : fmt::format(" (while {})", doing)));
}

} // namespace convscope::vulkan
