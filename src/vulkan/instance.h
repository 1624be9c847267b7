// The VkInstance with its validation layer, and the devices that it lists.
#pragma once

#include <atomic>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vulkan/device.h"

namespace convscope::vulkan {

// A name that old headers do not have.
inline constexpr const char *portability_subset_name = "VK_KHR_portability_subset";

// A device before it is opened.
struct Candidate {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  DeviceInfo info;
  std::uint32_t queue_family = 0;
  std::set<std::string, std::less<>> extensions;
};

class Instance {
public:
  // `optional` extensions are enabled where present. DeviceError where there is no driver, or no validation
  // layer although it is asked for.
  Instance(bool validation, const std::vector<std::string> &optional);
  ~Instance();
  Instance(const Instance &) = delete;
  Instance &operator=(const Instance &) = delete;

  VkInstance handle() const { return instance_; }
  const std::set<std::string, std::less<>> &extensions() const { return extensions_; }
  int validation_messages() const { return messages_; }
  // All devices, never none: DeviceError instead.
  std::vector<Candidate> candidates() const;

private:
  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  std::set<std::string, std::less<>> extensions_;
  std::atomic<int> messages_ = 0;
};

// Whether env CONVSCOPE_VALIDATION asks for the validation layer.
bool validation_from_environment();

} // namespace convscope::vulkan
