// Weights on the device, packed for the kernels that use them and shared by all plans of one model.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "vulkan/buffer.h"

namespace convscope {

class Weights {
public:
  explicit Weights(const vulkan::Device &device) : device_(device) {}
  // The slice of that key; `make`, which gives a vector, is called the first time. Lives as long as this object.
  template <typename Make> vulkan::Slice get(const std::string &key, const Make &make) {
    const auto found = buffers_.find(key);
    if (found != buffers_.end())
      return found->second.slice();
    device_.check_interrupt();
    const auto values = make();
    return add(key, std::as_bytes(std::span(values)));
  }

private:
  vulkan::Slice add(const std::string &key, std::span<const std::byte> values);

  const vulkan::Device &device_;
  std::map<std::string, vulkan::Buffer> buffers_;
};

} // namespace convscope
