// Cooperative matrices: whether a device has what shaders/conv_matrix.comp needs, and how it is opened for that.
#pragma once

#include <string>
#include <vector>

#include "vulkan/cooperative_matrix.h"
#include "vulkan/instance.h"

namespace convscope::vulkan {

// Sets info.matrix, if the device multiplies halves to float32 sums by subgroups in compute shaders, in a size that the
// shader can use, and this build has the shader.
void query_matrices(VkInstance instance, Candidate &candidate);

// Of a device with info.matrix: the extensions and the features to open it with.
std::vector<std::string> matrix_extensions(const DeviceInfo &info);
class MatrixFeatures {
public:
  // The structures that `info` asks for, before `next`; they live as long as this object.
  MatrixFeatures(const DeviceInfo &info, void *next);
  MatrixFeatures(const MatrixFeatures &) = delete;
  MatrixFeatures &operator=(const MatrixFeatures &) = delete;
  void *chain() const { return chain_; }

private:
  CooperativeMatrixFeatures matrix_;
  VkPhysicalDeviceVulkanMemoryModelFeatures memory_model_{};
  VkPhysicalDeviceSubgroupSizeControlFeatures subgroup_{};
  void *chain_;
};

} // namespace convscope::vulkan
