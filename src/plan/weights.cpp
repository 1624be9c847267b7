#include "plan/weights.h"

#include <span>

namespace convscope {

vulkan::Slice Weights::get(const std::string &key, const std::function<std::vector<float>()> &make) {
  auto found = buffers_.find(key);
  if (found == buffers_.end()) {
    const std::vector<float> values = make();
    vulkan::Buffer buffer(device_, values.size() * sizeof(float), key);
    buffer.write(0, std::as_bytes(std::span(values)));
    found = buffers_.emplace(key, std::move(buffer)).first;
  }
  return found->second.slice();
}

} // namespace convscope
