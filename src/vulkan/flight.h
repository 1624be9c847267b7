// Commands on their way: submitted one after the other, a few at once, so that the device need not wait for the host.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>

#include "vulkan/breadcrumbs.h"
#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::vulkan {

class Flight {
public:
  // `most` submits at once; none where a frame is to be drawn beside it (Device::turns) and waits until nothing
  // computes.
  explicit Flight(const Device &device, std::size_t most = 1) : device_(device), most_(most) {}
  Flight(const Flight &) = delete;
  Flight &operator=(const Flight &) = delete;
  ~Flight(); // waits for all; what fails then is the next submit's to tell

  using Landed = std::function<void(double milliseconds)>;
  // Waits until there is room for one more, and that these commands are not under way already. `doing` goes into an
  // error's text, and where in `trail` the device was if it is lost. `landed` gets the time that it took: from its
  // submit, or the end of the one before it, to its own end, as the host sees it.
  void submit(VkCommandBuffer commands, std::string doing, Landed landed = {}, const Trail *trail = nullptr);
  void land(); // waits for all

private:
  using Clock = std::chrono::steady_clock;
  struct Submit {
    VkCommandBuffer commands;
    std::string doing;
    Landed landed;
    const Trail *trail;
    Handle<VkFence, vkDestroyFence> fence;
    Clock::time_point began;
  };
  void land_first();
  void check(VkResult result, const char *call, const Submit &of) const;

  const Device &device_;
  std::size_t most_;
  std::deque<Submit> in_air_; // the first was submitted first
  Clock::time_point last_end_{};
};

} // namespace convscope::vulkan
