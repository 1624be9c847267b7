// Weights on the device, packed for the kernels that use them and shared by all plans of one model.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "vulkan/buffer.h"

namespace convscope {

class Weights {
public:
  explicit Weights(const vulkan::Device &device) : device_(device) {}
  // The slice of that key; `make` is called the first time. Lives as long as this object.
  vulkan::Slice get(const std::string &key, const std::function<std::vector<float>()> &make);

private:
  const vulkan::Device &device_;
  std::map<std::string, vulkan::Buffer> buffers_;
};

} // namespace convscope
