// The driver's compiled pipelines, kept on disk from run to run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include <vulkan/vulkan.h>

namespace convscope::vulkan {

// The file of this device and driver in env CONVSCOPE_CACHE or the user's cache folder; empty if there is no such.
std::filesystem::path pipeline_cache_file(const VkPhysicalDeviceProperties &device);
// Whether these are a cache of this device and driver: its header is whole and says so. lavapipe of Mesa 26.2 gives 20
// bytes, less than the header.
bool is_pipeline_cache_of(const VkPhysicalDeviceProperties &device, std::span<const std::uint8_t> data);
// What the driver once gave; empty where the file is missing, damaged or of another device. Never throws.
std::vector<std::uint8_t> load_pipeline_cache(const std::filesystem::path &file,
                                              const VkPhysicalDeviceProperties &device);
// Failure is silent: the cache only saves time.
void save_pipeline_cache(const std::filesystem::path &file, std::span<const std::uint8_t> data);

} // namespace convscope::vulkan
