// Where a device was when it was lost. Recordings leave marks in a word that the host can read; each knows which of its
// steps lie between two marks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::vulkan {

// The word. On CPU drivers, which are not lost, there is none.
class Breadcrumbs {
public:
  explicit Breadcrumbs(const Device &device);
  // Records that all that was recorded before, and a barrier behind it, has ended; returns the mark's value.
  std::uint32_t drop(VkCommandBuffer commands);
  std::uint32_t last() const; // the last mark that the device has left

private:
  Handle<VkDeviceMemory, vkFreeMemory> memory_;
  Handle<VkBuffer, vkDestroyBuffer> buffer_;
  const volatile std::uint32_t *word_ = nullptr;
  std::atomic<std::uint32_t> next_ = 1;
};

// What a recording does, and its marks.
class Trail {
public:
  Trail(std::string recording, const Breadcrumbs *crumbs) : recording_(std::move(recording)), crumbs_(crumbs) {}

  void add_step(std::string_view label, std::string_view program);
  void add_mark(std::uint32_t value) { marks_.push_back({value, steps_.size()}); } // steps before it have ended
  bool holds_mark() const; // whether the last mark that the device has left is one of these
  // "at block3_conv2 (conv_shared[1,3,3]) of the recording optimization", "between ... and ...".
  std::string whereabouts() const { return whereabouts(crumbs_ ? crumbs_->last() : 0); }
  std::string whereabouts(std::uint32_t last_mark) const;

private:
  struct Mark {
    std::uint32_t value;
    std::size_t steps; // before it
  };
  std::string recording_;
  const Breadcrumbs *crumbs_;
  std::vector<std::string> steps_;
  std::vector<Mark> marks_;
};

} // namespace convscope::vulkan
