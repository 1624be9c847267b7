#include "plan/arena.h"

#include <algorithm>
#include <numeric>

namespace convscope {

std::size_t place_in_arena(std::vector<Placement> &tensors, std::size_t alignment, std::size_t block) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tensors[a].bytes > tensors[b].bytes; });
  const auto aligned = [&](std::size_t value) { return (value + alignment - 1) / alignment * alignment; };

  std::vector<std::size_t> placed; // by offset
  std::size_t size = 0;
  for (std::size_t index : order) {
    Placement &tensor = tensors[index];
    const auto inside = [&](std::size_t from) { // one block
      return tensor.bytes <= block && from % block > block - tensor.bytes ? (from / block + 1) * block : from;
    };
    std::size_t offset = 0;
    for (std::size_t other_index : placed) {
      const Placement &other = tensors[other_index];
      const bool alive_together = other.first <= tensor.last && tensor.first <= other.last;
      if (!alive_together)
        continue;
      if (offset + tensor.bytes <= other.offset)
        break;
      offset = inside(std::max(offset, aligned(other.offset + other.bytes)));
    }
    tensor.offset = offset;
    size = std::max(size, offset + tensor.bytes);
    const auto later =
        std::upper_bound(placed.begin(), placed.end(), offset,
                         [&](std::size_t value, std::size_t other) { return value < tensors[other].offset; });
    placed.insert(later, index);
  }
  return aligned(size);
}

} // namespace convscope
