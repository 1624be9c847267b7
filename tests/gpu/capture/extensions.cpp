// What the program asks the loader for by name: functions of extensions.
#include <string_view>

#include "gpu/capture/names.h"
#include "gpu/capture/next.h"

namespace {

VKAPI_ATTR VkResult VKAPI_CALL nothing() { return VK_SUCCESS; }

// Null: the driver's will do.
PFN_vkVoidFunction replacement(std::string_view name) {
  if (name == "vkSetDebugUtilsObjectNameEXT")
    return reinterpret_cast<PFN_vkVoidFunction>(&convscope::capture::set_name);
  // Commands and queues are not the driver's (commands.cpp).
  if (name.starts_with("vkCmd") || name.starts_with("vkQueue"))
    return reinterpret_cast<PFN_vkVoidFunction>(&nothing);
  return nullptr;
}

} // namespace

extern "C" {

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance, const char *name) {
  CONVSCOPE_NEXT(vkGetInstanceProcAddr);
  const auto own = replacement(name);
  return own ? own : call(instance, name);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetDeviceProcAddr(VkDevice device, const char *name) {
  CONVSCOPE_NEXT(vkGetDeviceProcAddr);
  const auto own = replacement(name);
  return own ? own : call(device, name);
}
}
