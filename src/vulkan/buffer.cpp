#include "vulkan/buffer.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "vulkan/recording.h"

namespace convscope::vulkan {
namespace {

constexpr VkDeviceSize staging_bytes = VkDeviceSize{32} << 20;
constexpr std::size_t slow_read_bytes = std::size_t{1} << 16; // of uncached memory: a copy costs more
constexpr VkMemoryPropertyFlags on_device = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags on_host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
using Preferences = std::initializer_list<VkMemoryPropertyFlags>;

struct Allocation {
  Handle<VkDeviceMemory, vkFreeMemory> memory;
  Handle<VkBuffer, vkDestroyBuffer> buffer;
  VkDeviceSize bytes = 0;
  std::byte *mapped = nullptr; // where the memory type is on_host
  bool cached = false;         // and the host may read it fast
};

std::string size_text(std::uint64_t bytes) {
  const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit)
    value /= 1024;
  return value >= 100 || unit == 0 ? fmt::format("{:.0f} {}", value, units[unit])
                                   : fmt::format("{:.3g} {}", value, units[unit]);
}

[[noreturn]] void no_room(const Device &device, VkDeviceSize bytes, const std::string &name, const std::string &why) {
  throw NoRoom(fmt::format("no room on {} for {}: needs {}, {}", device.info().name, name, size_text(bytes), why));
}

// A buffer in the first of the preferred kinds of memory that the device has.
Allocation allocate(const Device &device, VkDeviceSize bytes, VkBufferUsageFlags usage, Preferences preferences,
                    const std::string &name) {
  const DeviceInfo &info = device.info();
  if (info.max_allocation && bytes > info.max_allocation)
    no_room(device, bytes, name, fmt::format("a single allocation may have {}", size_text(info.max_allocation)));
  std::string in_use =
      fmt::format("{} of {} are in use", size_text(device.memory_used()), size_text(info.memory_bytes));
  // A driver that runs on the CPU refuses nothing; the system would end the process when the memory is touched.
  if (info.is_cpu() && bytes > info.memory_bytes - std::min(info.memory_bytes, device.memory_used()))
    no_room(device, bytes, name, in_use);

  Allocation made;
  VkBufferCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  create.size = bytes;
  create.usage = usage;
  create.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  VkBuffer buffer = VK_NULL_HANDLE;
  VkResult result = vkCreateBuffer(device.handle(), &create, nullptr, &buffer);
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY)
    no_room(device, bytes, name, in_use);
  check(result, "vkCreateBuffer", "making " + name);
  made.buffer = {device.handle(), buffer};
  device.name(VK_OBJECT_TYPE_BUFFER, handle_value(buffer), name);

  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device.handle(), buffer, &needs);
  VkMemoryPropertyFlags properties = 0;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  int tried = -1;
  for (const VkMemoryPropertyFlags wanted : preferences) { // where a small heap is full, the next
    const int type = device.memory_type(needs.memoryTypeBits, wanted);
    if (type < 0 || type == tried)
      continue;
    tried = type;
    // Beyond its budget a driver may move memory about, or lose the device, where it should refuse.
    if (const auto left = device.budget_left(type); left && *left < needs.size) {
      result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
      in_use = fmt::format("the driver has {} left", size_text(*left));
      continue;
    }
    VkMemoryAllocateInfo request{};
    request.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    request.allocationSize = needs.size;
    request.memoryTypeIndex = static_cast<std::uint32_t>(type);
    result = vkAllocateMemory(device.handle(), &request, nullptr, &memory);
    properties = wanted;
    if (result != VK_ERROR_OUT_OF_DEVICE_MEMORY && result != VK_ERROR_OUT_OF_HOST_MEMORY)
      break;
  }
  if (tried < 0)
    throw DeviceError(fmt::format("{} has no kind of memory for {}", info.name, name));
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
    no_room(device, bytes, name, in_use);
  check(result, "vkAllocateMemory", "making " + name);
  made.memory = {device.handle(), memory};
  made.bytes = needs.size;
  device.name(VK_OBJECT_TYPE_DEVICE_MEMORY, handle_value(memory), name);
  check(vkBindBufferMemory(device.handle(), buffer, memory, 0), "vkBindBufferMemory", "making " + name);
  if ((properties & on_host) == on_host) {
    void *mapped = nullptr;
    check(vkMapMemory(device.handle(), memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory", "making " + name);
    made.mapped = static_cast<std::byte *>(mapped);
    made.cached = (properties & cached) != 0;
  }
  return made;
}

Allocation stage(const Device &device, VkDeviceSize bytes, bool for_reading) {
  const Preferences reading = {on_host | cached, on_host}, writing = {on_host};
  return allocate(device, std::min(bytes, staging_bytes),
                  VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT, for_reading ? reading : writing,
                  "the staging buffer");
}

void copy_now(const Device &device, const Slice &from, const Slice &to, const std::string &doing) {
  Recording recording(device, "transfer");
  recording.barrier();
  recording.copy(from, to);
  recording.finish();
  recording.run(doing);
}

} // namespace

Buffer::Buffer(const Device &device, VkDeviceSize bytes, std::string_view name)
    : device_(&device), bytes_(bytes), name_(name) {
  if (bytes == 0)
    throw std::logic_error(fmt::format("the buffer {} has no bytes", name));
  const Preferences mappable = {on_device | on_host | cached, on_device | on_host, on_device, 0},
                    apart = {on_device, 0};
  Allocation made = allocate(device, (bytes + texel_bytes - 1) / texel_bytes * texel_bytes,
                             VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                                 VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                             device.maps_buffers() ? mappable : apart, name_);
  memory_ = std::move(made.memory);
  buffer_ = std::move(made.buffer);
  mapped_ = made.mapped;
  cached_ = made.cached;
  allocated_ = made.bytes;
  device.account(static_cast<std::int64_t>(allocated_));
}

Buffer::Buffer(Buffer &&other) noexcept { swap(other); }

Buffer &Buffer::operator=(Buffer &&other) noexcept {
  Buffer moved(std::move(other));
  swap(moved);
  return *this;
}

Buffer::~Buffer() {
  if (device_)
    device_->account(-static_cast<std::int64_t>(allocated_));
}

void Buffer::swap(Buffer &other) noexcept {
  std::swap(device_, other.device_);
  std::swap(memory_, other.memory_);
  std::swap(buffer_, other.buffer_);
  std::swap(bytes_, other.bytes_);
  std::swap(allocated_, other.allocated_);
  std::swap(mapped_, other.mapped_);
  std::swap(cached_, other.cached_);
  std::swap(name_, other.name_);
}

void Buffer::check_inside(VkDeviceSize offset, VkDeviceSize bytes) const {
  if (offset > bytes_ || bytes > bytes_ - offset)
    throw std::logic_error(fmt::format("{} bytes at {} are not inside {} of {} bytes", bytes, offset, name_, bytes_));
}

Slice Buffer::slice(VkDeviceSize offset, VkDeviceSize bytes) const {
  check_inside(offset, bytes);
  return {buffer_.get(), offset, bytes};
}

void Buffer::write(VkDeviceSize offset, std::span<const std::byte> data) {
  check_inside(offset, data.size());
  if (data.empty())
    return;
  if (mapped_) {
    std::memcpy(mapped_ + offset, data.data(), data.size());
    return;
  }
  const Allocation staging = stage(*device_, data.size(), false);
  for (std::size_t done = 0; done < data.size(); done += staging_bytes) {
    const std::size_t bytes = std::min<std::size_t>(data.size() - done, staging_bytes);
    std::memcpy(staging.mapped, data.data() + done, bytes);
    copy_now(*device_, {staging.buffer.get(), 0, bytes}, slice(offset + done, bytes), "writing " + name_);
  }
}

void Buffer::read(VkDeviceSize offset, std::span<std::byte> data) const {
  check_inside(offset, data.size());
  if (data.empty())
    return;
  if (mapped_ && (cached_ || data.size() <= slow_read_bytes)) {
    std::memcpy(data.data(), mapped_ + offset, data.size());
    return;
  }
  const Allocation staging = stage(*device_, data.size(), true);
  for (std::size_t done = 0; done < data.size(); done += staging_bytes) {
    const std::size_t bytes = std::min<std::size_t>(data.size() - done, staging_bytes);
    copy_now(*device_, slice(offset + done, bytes), {staging.buffer.get(), 0, bytes}, "reading " + name_);
    std::memcpy(data.data() + done, staging.mapped, bytes);
  }
}

} // namespace convscope::vulkan
