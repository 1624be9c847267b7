// Devices with statistics, and compute pipelines: made by the driver, and reported. To be preloaded (LD_PRELOAD) before
// the Vulkan loader: an unchanged program then runs to its end on a driver that can compile but not run, since commands
// are not recorded (commands.cpp) and memory is the host's (memory.cpp).
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "gpu/capture/names.h"
#include "gpu/capture/next.h"
#include "gpu/capture/report.h"

namespace convscope::capture {
namespace {

constexpr const char *statistics_extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;

Report report;

bool has_statistics(VkPhysicalDevice physical) {
  const auto list = next<PFN_vkEnumerateDeviceExtensionProperties>("vkEnumerateDeviceExtensionProperties");
  std::uint32_t count = 0;
  list(physical, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  list(physical, nullptr, &count, extensions.data());
  for (const auto &extension : extensions)
    if (std::strcmp(extension.extensionName, statistics_extension) == 0)
      return true;
  return false;
}

} // namespace
} // namespace convscope::capture

using namespace convscope::capture;

extern "C" {

VKAPI_ATTR VkResult VKAPI_CALL vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                              const VkAllocationCallbacks *allocator, VkDevice *device) {
  CONVSCOPE_NEXT(vkCreateDevice);
  VkDeviceCreateInfo wanted = *info;
  std::vector<const char *> extensions(info->ppEnabledExtensionNames,
                                       info->ppEnabledExtensionNames + info->enabledExtensionCount);
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature{};
  feature.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR;
  feature.pNext = const_cast<void *>(info->pNext);
  feature.pipelineExecutableInfo = VK_TRUE;
  const bool statistics = has_statistics(physical);
  if (statistics) {
    extensions.push_back(statistics_extension);
    wanted.pNext = &feature;
  }
  wanted.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  wanted.ppEnabledExtensionNames = extensions.data();
  const VkResult result = call(physical, &wanted, allocator, device);
  if (result == VK_SUCCESS)
    report.device(physical, *device, statistics);
  return result;
}

// The program's cache is left out, so that each of its pipelines is compiled.
VKAPI_ATTR VkResult VKAPI_CALL vkCreateComputePipelines(VkDevice device, VkPipelineCache, std::uint32_t count,
                                                        const VkComputePipelineCreateInfo *infos,
                                                        const VkAllocationCallbacks *allocator, VkPipeline *pipelines) {
  CONVSCOPE_NEXT(vkCreateComputePipelines);
  using Clock = std::chrono::steady_clock;
  VkResult last = VK_SUCCESS;
  for (std::uint32_t i = 0; i < count; ++i) {
    VkComputePipelineCreateInfo info = infos[i];
    if (report.statistics())
      info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    if (report.statistics() && Report::texts())
      info.flags |= VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
    const std::string name = name_of(info.stage.module);
    report.begin(name);
    const auto start = Clock::now();
    const VkResult result = call(device, VK_NULL_HANDLE, 1, &info, allocator, pipelines + i);
    const std::chrono::duration<double, std::milli> time = Clock::now() - start;
    if (result == VK_SUCCESS) {
      report.pipeline(name, pipelines[i], time.count());
    } else {
      report.failure(name, result);
      last = result;
    }
  }
  return last;
}
}
