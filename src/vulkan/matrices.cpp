#include "vulkan/matrices.h"

#include <algorithm>
#include <tuple>

#include "shaders.h"

namespace convscope::vulkan {

namespace {

// Powers of two that tiles of shaders/conv_matrix.comp are made of.
bool is_usable(const CooperativeMatrixSize &size) {
  const auto divides = [](std::uint32_t side, std::uint32_t least, std::uint32_t most) {
    return side >= least && side <= most && (side & (side - 1)) == 0;
  };
  return size.scope == MatrixScope::subgroup && size.a == MatrixElement::float16 && size.b == MatrixElement::float16 &&
         size.c == MatrixElement::float32 && size.result == MatrixElement::float32 && size.saturating == VK_FALSE &&
         divides(size.m, 8, 64) && divides(size.n, 8, 64) && divides(size.k, 8, 32);
}

std::vector<CooperativeMatrixSize> sizes_of(VkInstance instance, VkPhysicalDevice device) {
  const auto get = reinterpret_cast<GetCooperativeMatrixSizes>(
      vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  std::uint32_t count = 0;
  if (!get || get(device, &count, nullptr) < 0)
    return {};
  std::vector<CooperativeMatrixSize> sizes(count);
  if (get(device, &count, sizes.data()) < 0)
    return {};
  sizes.resize(count);
  return sizes;
}

} // namespace

void query_matrices(VkInstance instance, Candidate &candidate) {
  DeviceInfo &info = candidate.info;
  if (shader("conv_matrix").empty() || !info.float16 || !info.subgroup_arithmetic ||
      !candidate.extensions.contains(cooperative_matrix_extension) ||
      !candidate.extensions.contains(VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME))
    return;
  const bool size_control = candidate.extensions.contains(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);

  VkPhysicalDeviceSubgroupSizeControlFeatures control{};
  control.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES;
  VkPhysicalDeviceVulkanMemoryModelFeatures memory_model{};
  memory_model.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES;
  memory_model.pNext = size_control ? &control : nullptr;
  CooperativeMatrixFeatures matrices;
  matrices.next = &memory_model;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &matrices;
  vkGetPhysicalDeviceFeatures2(candidate.handle, &features);

  VkPhysicalDeviceSubgroupSizeControlProperties subgroups{};
  subgroups.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES;
  CooperativeMatrixProperties stages;
  stages.next = size_control ? &subgroups : nullptr;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &stages;
  vkGetPhysicalDeviceProperties2(candidate.handle, &properties);
  if (!matrices.cooperative_matrix || !memory_model.vulkanMemoryModel ||
      !memory_model.vulkanMemoryModelDeviceScope || // of atomics on masks
      (stages.stages & VK_SHADER_STAGE_COMPUTE_BIT) == 0)
    return;

  MatrixSupport found;
  found.lanes = info.subgroup_size;
  found.max_subgroups = info.max_invocations / std::max(found.lanes, 1U);
  // The fewest lanes: what matrix units do at once. Where it can't be asked for, it is the one size that there is.
  if (control.subgroupSizeControl && control.computeFullSubgroups &&
      (subgroups.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0) {
    found.lanes = subgroups.minSubgroupSize;
    found.lanes_required = true;
    found.max_subgroups = subgroups.maxComputeWorkgroupSubgroups;
  }
  if (found.lanes < 4 || found.lanes > 128 || info.max_invocations < found.lanes)
    return;
  // 16 is what most devices have; else the largest.
  const auto rank = [](std::uint32_t m, std::uint32_t n, std::uint32_t k) {
    return std::tuple(m == 16 && n == 16, m * n <= 256, m * n, k);
  };
  for (const CooperativeMatrixSize &size : sizes_of(instance, candidate.handle))
    if (is_usable(size) && (found.m == 0 || rank(size.m, size.n, size.k) > rank(found.m, found.n, found.k))) {
      found.m = size.m;
      found.n = size.n;
      found.k = size.k;
    }
  info.cooperative_matrix = found.m > 0;
  info.matrix = found;
}

std::vector<std::string> matrix_extensions(const DeviceInfo &info) {
  if (!info.cooperative_matrix)
    return {};
  std::vector<std::string> names = {cooperative_matrix_extension, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME};
  if (info.matrix.lanes_required)
    names.emplace_back(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
  return names;
}

MatrixFeatures::MatrixFeatures(const DeviceInfo &info, void *next) : chain_(next) {
  if (!info.cooperative_matrix)
    return;
  matrix_.cooperative_matrix = VK_TRUE;
  matrix_.next = chain_;
  memory_model_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES;
  memory_model_.vulkanMemoryModel = memory_model_.vulkanMemoryModelDeviceScope = VK_TRUE;
  memory_model_.pNext = &matrix_;
  chain_ = &memory_model_;
  if (!info.matrix.lanes_required)
    return;
  subgroup_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES;
  subgroup_.subgroupSizeControl = subgroup_.computeFullSubgroups = VK_TRUE;
  subgroup_.pNext = chain_;
  chain_ = &subgroup_;
}

} // namespace convscope::vulkan
