#include "gpu/capture/names.h"

#include <atomic>
#include <map>
#include <mutex>

namespace convscope::capture {
namespace {

std::mutex mutex;
std::map<VkShaderModule, std::string> names;

} // namespace

VkResult set_name(VkDevice, const VkDebugUtilsObjectNameInfoEXT *info) {
  if (info->objectType == VK_OBJECT_TYPE_SHADER_MODULE && info->pObjectName) {
    const std::scoped_lock lock(mutex);
    names[(VkShaderModule)info->objectHandle] = info->pObjectName; // NOLINT: a number or a pointer, by the machine
  }
  return VK_SUCCESS;
}

std::string name_of(VkShaderModule module) {
  static std::atomic<int> nameless = 0;
  const std::scoped_lock lock(mutex);
  const auto found = names.find(module);
  return found != names.end() ? found->second : "nameless" + std::to_string(nameless++);
}

} // namespace convscope::capture
