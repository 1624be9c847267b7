// What the program calls its shaders.
#pragma once

#include <string>

#include "gpu/capture/next.h"

namespace convscope::capture {

// vkSetDebugUtilsObjectNameEXT: keeps the names of shaders.
VKAPI_ATTR VkResult VKAPI_CALL set_name(VkDevice device, const VkDebugUtilsObjectNameInfoEXT *info);

// "nameless0" and so on for those that have none (VkFFT's).
std::string name_of(VkShaderModule module);

} // namespace convscope::capture
