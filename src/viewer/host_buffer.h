// Memory that the host and the device's graphics share: vertices, uploads, screenshots.
#pragma once

#include <cstddef>
#include <string_view>

#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::viewer {

// Coherent and mapped for its lifetime.
class HostBuffer {
public:
  HostBuffer() = default;
  // `read`: the host reads it, so cached memory is better where there is some.
  HostBuffer(const vulkan::Device &device, VkDeviceSize bytes, VkBufferUsageFlags usage, bool read,
             std::string_view name);

  VkBuffer handle() const { return buffer_.get(); }
  VkDeviceSize bytes() const { return bytes_; }
  std::byte *data() const { return mapped_; }

private:
  vulkan::Handle<VkDeviceMemory, vkFreeMemory> memory_; // outlives the buffer
  vulkan::Handle<VkBuffer, vkDestroyBuffer> buffer_;
  VkDeviceSize bytes_ = 0;
  std::byte *mapped_ = nullptr;
};

} // namespace convscope::viewer
