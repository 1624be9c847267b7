// VK_KHR_cooperative_matrix as its specification has it: Vulkan's headers know it from 1.3.255 on, Debian 12's are
// older.
#pragma once

#include <cstdint>

#include <vulkan/vulkan.h>

namespace convscope::vulkan {

inline constexpr const char *cooperative_matrix_extension = "VK_KHR_cooperative_matrix";
inline constexpr auto cooperative_matrix_features_type = static_cast<VkStructureType>(1000506000);
inline constexpr auto cooperative_matrix_size_type = static_cast<VkStructureType>(1000506001);
inline constexpr auto cooperative_matrix_properties_type = static_cast<VkStructureType>(1000506002);

enum class MatrixElement : std::int32_t { float16 = 0, float32 = 1 }; // of VkComponentTypeKHR
enum class MatrixScope : std::int32_t { subgroup = 3 };               // of VkScopeKHR

struct CooperativeMatrixFeatures { // VkPhysicalDeviceCooperativeMatrixFeaturesKHR
  VkStructureType type = cooperative_matrix_features_type;
  void *next = nullptr;
  VkBool32 cooperative_matrix = VK_FALSE;
  VkBool32 robust_buffer_access = VK_FALSE;
};

struct CooperativeMatrixProperties { // VkPhysicalDeviceCooperativeMatrixPropertiesKHR
  VkStructureType type = cooperative_matrix_properties_type;
  void *next = nullptr;
  VkShaderStageFlags stages = 0;
};

struct CooperativeMatrixSize { // VkCooperativeMatrixPropertiesKHR
  VkStructureType type = cooperative_matrix_size_type;
  void *next = nullptr;
  std::uint32_t m = 0, n = 0, k = 0;
  MatrixElement a{}, b{}, c{}, result{};
  VkBool32 saturating = VK_FALSE;
  MatrixScope scope{};
};

// vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR
using GetCooperativeMatrixSizes = VkResult(VKAPI_PTR *)(VkPhysicalDevice device, std::uint32_t *count,
                                                        CooperativeMatrixSize *sizes);

} // namespace convscope::vulkan
