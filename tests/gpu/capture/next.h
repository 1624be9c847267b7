// The loader's own functions, behind those of this library that have their names.
#pragma once

#include <dlfcn.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

namespace convscope::capture {

template <typename Function> Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

} // namespace convscope::capture

// The loader's function `name`, as `call`.
#define CONVSCOPE_NEXT(name) static const auto call = ::convscope::capture::next<PFN_##name>(#name)
