// Device memory: one allocation a buffer; slices of it are what kernels bind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::vulkan {

// A device has no room for a buffer: less may fit.
struct NoRoom : DeviceError {
  using DeviceError::DeviceError;
};

// Part of a buffer, bound to a kernel or copied. `bytes` is at most DeviceInfo::max_storage_range when bound.
struct Slice {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceSize offset = 0, bytes = 0;
};

// A storage buffer in device-local memory, mapped where the driver allows (CPU and integrated devices).
// Throws NoRoom, naming the buffer and its size, when the device has no room;
// std::logic_error for no bytes or a transfer that is not inside.
class Buffer {
public:
  Buffer() = default;
  Buffer(const Device &device, VkDeviceSize bytes, std::string_view name);
  Buffer(Buffer &&) noexcept;
  Buffer &operator=(Buffer &&) noexcept;
  ~Buffer();

  VkDeviceSize bytes() const { return bytes_; }
  Slice slice() const { return {buffer_.get(), 0, bytes_}; }
  Slice slice(VkDeviceSize offset, VkDeviceSize bytes) const; // std::logic_error where it is not inside

  // Whole transfers that wait; `offset` in bytes. Direct where mapped, else through a staging buffer.
  void write(VkDeviceSize offset, std::span<const std::byte> data);
  void read(VkDeviceSize offset, std::span<std::byte> data) const;

private:
  void swap(Buffer &other) noexcept;
  void check_inside(VkDeviceSize offset, VkDeviceSize bytes) const;

  const Device *device_ = nullptr;
  Handle<VkDeviceMemory, vkFreeMemory> memory_;
  Handle<VkBuffer, vkDestroyBuffer> buffer_;
  VkDeviceSize bytes_ = 0, allocated_ = 0;
  std::byte *mapped_ = nullptr; // null where bytes travel through a staging buffer
  bool cached_ = false;         // where not, much that is read does so, too
  std::string name_;
};

} // namespace convscope::vulkan
