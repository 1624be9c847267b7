#include "viewer/host_buffer.h"

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::viewer {

HostBuffer::HostBuffer(const vulkan::Device &device, VkDeviceSize bytes, VkBufferUsageFlags usage, bool read,
                       std::string_view name)
    : bytes_(bytes) {
  VkBufferCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  create.size = bytes;
  create.usage = usage;
  VkBuffer buffer = VK_NULL_HANDLE;
  vulkan::check(vkCreateBuffer(device.handle(), &create, nullptr, &buffer), "vkCreateBuffer", name);
  buffer_ = {device.handle(), buffer};
  device.name(VK_OBJECT_TYPE_BUFFER, vulkan::handle_value(buffer), name);

  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device.handle(), buffer, &needs);
  constexpr VkMemoryPropertyFlags shared = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  int type = read ? device.memory_type(needs.memoryTypeBits, shared | VK_MEMORY_PROPERTY_HOST_CACHED_BIT) : -1;
  if (type < 0)
    type = device.memory_type(needs.memoryTypeBits, shared);
  if (type < 0)
    throw DeviceError(fmt::format("{} has no memory that the host can reach for {}", device.info().name, name));
  VkMemoryAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  request.allocationSize = needs.size;
  request.memoryTypeIndex = static_cast<std::uint32_t>(type);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  vulkan::check(vkAllocateMemory(device.handle(), &request, nullptr, &memory), "vkAllocateMemory", name);
  memory_ = {device.handle(), memory};
  vulkan::check(vkBindBufferMemory(device.handle(), buffer, memory, 0), "vkBindBufferMemory", name);
  void *mapped = nullptr;
  vulkan::check(vkMapMemory(device.handle(), memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory", name);
  mapped_ = static_cast<std::byte *>(mapped);
}

} // namespace convscope::viewer
