// How much memory a device has room for.
#pragma once

#include <cstdint>
#include <optional>

namespace convscope::vulkan {

// What VK_EXT_memory_budget says of a heap at this moment: what this process may have of it, and what it has.
struct HeapBudget {
  std::uint64_t budget = 0, usage = 0;
};

// What may still be taken of a heap of which this program's buffers hold `held`. Without a budget nobody knows what
// others hold: a part is left to them, on a CPU, whose memory is also the system's, more.
std::uint64_t room_in(std::uint64_t heap_bytes, std::uint64_t held, const std::optional<HeapBudget> &budget, bool cpu);

} // namespace convscope::vulkan
