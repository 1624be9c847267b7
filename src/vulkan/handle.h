// A move-only owner of one Vulkan object that belongs to a VkDevice.
#pragma once

#include <cstdint>
#include <utility>

#include <vulkan/vulkan.h>

namespace convscope::vulkan {

// A handle as debug names want it; handles are pointers or integers, by platform.
template <typename T> std::uint64_t handle_value(T object) { return (std::uint64_t)object; }

template <typename T, auto Destroy> class Handle {
public:
  Handle() = default;
  Handle(VkDevice device, T object) : device_(device), object_(object) {}
  Handle(Handle &&other) noexcept { swap(other); }
  Handle &operator=(Handle &&other) noexcept {
    Handle moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Handle() {
    if (object_ != VK_NULL_HANDLE)
      Destroy(device_, object_, nullptr);
  }
  T get() const { return object_; }

private:
  void swap(Handle &other) {
    std::swap(device_, other.device_);
    std::swap(object_, other.object_);
  }
  VkDevice device_ = VK_NULL_HANDLE;
  T object_ = VK_NULL_HANDLE;
};

} // namespace convscope::vulkan
