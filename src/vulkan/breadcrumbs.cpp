#include "vulkan/breadcrumbs.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::vulkan {

Breadcrumbs::Breadcrumbs(const Device &device) {
  VkBufferCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  create.size = sizeof(std::uint32_t);
  create.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  create.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  VkBuffer buffer = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateBuffer(device.handle(), &create, nullptr, &buffer));
  buffer_ = {device.handle(), buffer};
  device.name(VK_OBJECT_TYPE_BUFFER, handle_value(buffer), "breadcrumbs");
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device.handle(), buffer, &needs);
  const int type = device.memory_type(needs.memoryTypeBits,
                                      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  if (type < 0) // Vulkan promises one
    throw DeviceError(fmt::format("{} has no memory that the host can read", device.info().name));
  VkMemoryAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  request.allocationSize = needs.size;
  request.memoryTypeIndex = static_cast<std::uint32_t>(type);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkAllocateMemory(device.handle(), &request, nullptr, &memory));
  memory_ = {device.handle(), memory};
  device.name(VK_OBJECT_TYPE_DEVICE_MEMORY, handle_value(memory), "breadcrumbs");
  CONVSCOPE_VK(vkBindBufferMemory(device.handle(), buffer, memory, 0));
  void *mapped = nullptr;
  CONVSCOPE_VK(vkMapMemory(device.handle(), memory, 0, VK_WHOLE_SIZE, 0, &mapped));
  *static_cast<std::uint32_t *>(mapped) = 0;
  word_ = static_cast<const volatile std::uint32_t *>(mapped);
}

std::uint32_t Breadcrumbs::drop(VkCommandBuffer commands) {
  const std::uint32_t value = next_++;
  vkCmdFillBuffer(commands, buffer_.get(), 0, sizeof(std::uint32_t), value);
  return value;
}

std::uint32_t Breadcrumbs::last() const { return *word_; }

void Trail::add_step(std::string_view label, std::string_view program) {
  steps_.push_back(program.empty() ? std::string(label) : fmt::format("{} ({})", label, program));
}

bool Trail::holds_mark() const {
  return crumbs_ && std::any_of(marks_.begin(), marks_.end(),
                                [last = crumbs_->last()](const Mark &mark) { return mark.value == last; });
}

std::string Trail::whereabouts(std::uint32_t last_mark) const {
  const auto mark =
      std::find_if(marks_.begin(), marks_.end(), [&](const Mark &each) { return each.value == last_mark; });
  std::size_t first = 0, end = steps_.size();
  if (mark != marks_.end()) {
    first = mark->steps;
    if (mark + 1 != marks_.end())
      end = (mark + 1)->steps;
  } else if (!marks_.empty()) {
    return fmt::format("before the first step of the recording {}", recording_);
  }
  if (first >= end)
    return fmt::format("at the end of the recording {}", recording_);
  if (first + 1 == end)
    return fmt::format("at {} of the recording {}", steps_[first], recording_);
  return fmt::format("between {} and {} of the recording {}", steps_[first], steps_[end - 1], recording_);
}

} // namespace convscope::vulkan
