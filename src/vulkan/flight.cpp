#include "vulkan/flight.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::vulkan {

Flight::~Flight() {
  for (const Submit &each : in_air_) {
    const VkFence fence = each.fence.get();
    vkWaitForFences(device_.handle(), 1, &fence, VK_TRUE, std::numeric_limits<std::uint64_t>::max());
    device_.turns().unlock();
  }
}

void Flight::submit(VkCommandBuffer commands, std::string doing, Landed landed, const Trail *trail) {
  const auto same = [&](const Submit &other) { return other.commands == commands; };
  while (in_air_.size() >= most_ || std::any_of(in_air_.begin(), in_air_.end(), same))
    land_first();
  device_.check_interrupt();
  VkFenceCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  VkFence raw = VK_NULL_HANDLE;
  vulkan::check(vkCreateFence(device_.handle(), &create, nullptr, &raw), "vkCreateFence", doing);
  Submit next{commands, std::move(doing), std::move(landed), trail, {device_.handle(), raw}, Clock::now()};
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  if (!device_.turns().try_lock()) { // a frame waits for what is in the air, and this for the frame
    land();
    device_.turns().lock();
  }
  next.began = Clock::now();
  VkResult result = VK_SUCCESS;
  {
    const std::lock_guard lock(device_.queue_mutex());
    result = vkQueueSubmit(device_.queue(), 1, &info, raw);
  }
  if (result != VK_SUCCESS) {
    device_.turns().unlock();
    check(result, "vkQueueSubmit", in_air_.empty() ? next : in_air_.front());
  }
  in_air_.push_back(std::move(next));
}

void Flight::land_first() {
  Submit &first = in_air_.front();
  const VkFence fence = first.fence.get();
  check(vkWaitForFences(device_.handle(), 1, &fence, VK_TRUE, std::numeric_limits<std::uint64_t>::max()),
        "vkWaitForFences", first);
  device_.turns().unlock();
  const Submit landed = std::move(first);
  in_air_.pop_front();
  const Clock::time_point end = Clock::now();
  const Clock::time_point began = std::max(landed.began, last_end_);
  last_end_ = end;
  if (landed.landed)
    landed.landed(std::chrono::duration<double, std::milli>(end - began).count());
}

void Flight::land() {
  while (!in_air_.empty())
    land_first();
}

void Flight::check(VkResult result, const char *call, const Submit &of) const {
  if (result == VK_ERROR_DEVICE_LOST && of.trail) {
    // The one that the marks tell of; else the first that has not ended.
    const Submit *at = &of;
    for (const Submit &each : in_air_)
      if (each.trail && each.trail->holds_mark())
        at = &each;
    throw DeviceLost(
        fmt::format("the Vulkan device was lost while {}, {} ({})", at->doing, at->trail->whereabouts(), call));
  }
  vulkan::check(result, call, of.doing);
}

} // namespace convscope::vulkan
