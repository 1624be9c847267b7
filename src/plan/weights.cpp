#include "plan/weights.h"

#include <utility>

namespace convscope {

vulkan::Slice Weights::add(const std::string &key, std::span<const std::byte> values) {
  vulkan::Buffer buffer(device_, values.size(), key);
  buffer.write(0, values);
  return buffers_.emplace(key, std::move(buffer)).first->second.slice();
}

} // namespace convscope
