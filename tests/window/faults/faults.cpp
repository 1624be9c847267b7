// A driver that fails on demand, for tests that preload this (LD_PRELOAD) before the Vulkan loader: what the file that
// CONVSCOPE_FAULT names holds decides which call fails. "device": the device is lost. "surface", "date": the next
// image's surface is lost or out of date, once: the file is then gone.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <dlfcn.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

namespace {

bool wanted(const char *fault, bool once) {
  const char *const name = std::getenv("CONVSCOPE_FAULT");
  std::FILE *const file = name ? std::fopen(name, "r") : nullptr;
  if (!file)
    return false;
  char text[16] = {};
  const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  const bool is = std::string(text, size) == fault;
  if (is && once)
    std::remove(name);
  return is;
}

template <typename Function> Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

VKAPI_ATTR VkResult VKAPI_CALL vkQueueSubmit(VkQueue queue, std::uint32_t count, const VkSubmitInfo *submits,
                                             VkFence fence) {
  if (wanted("device", false))
    return VK_ERROR_DEVICE_LOST;
  static const auto call = next<PFN_vkQueueSubmit>("vkQueueSubmit");
  return call(queue, count, submits, fence);
}

VKAPI_ATTR VkResult VKAPI_CALL vkAcquireNextImageKHR(VkDevice device, VkSwapchainKHR swapchain, std::uint64_t timeout,
                                                     VkSemaphore semaphore, VkFence fence, std::uint32_t *index) {
  if (wanted("surface", true))
    return VK_ERROR_SURFACE_LOST_KHR;
  if (wanted("date", true))
    return VK_ERROR_OUT_OF_DATE_KHR;
  static const auto call = next<PFN_vkAcquireNextImageKHR>("vkAcquireNextImageKHR");
  return call(device, swapchain, timeout, semaphore, fence, index);
}
}
