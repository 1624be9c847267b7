#include "vulkan/memory_room.h"

#include <algorithm>

namespace convscope::vulkan {

std::uint64_t room_in(std::uint64_t heap_bytes, std::uint64_t held, const std::optional<HeapBudget> &budget, bool cpu) {
  const double share = cpu ? 0.75 : 0.9;
  const auto ours = static_cast<std::uint64_t>(static_cast<double>(heap_bytes) * share);
  const std::uint64_t left = ours - std::min(ours, held);
  if (!budget)
    return left;
  return std::min(left, budget->budget - std::min(budget->budget, budget->usage));
}

} // namespace convscope::vulkan
