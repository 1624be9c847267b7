// Places tensors with lifetimes in one range of memory, so that those alive at one time never overlap.
#pragma once

#include <cstddef>
#include <vector>

namespace convscope {

struct Placement {
  std::size_t bytes = 0;
  int first = 0, last = 0; // steps, both inclusive
  std::size_t offset = 0;  // set by place_in_arena
};

// Largest first, each at the lowest offset that is free during its whole life; offsets are multiples of
// `alignment`. The arena may be made of blocks of `block` bytes, a multiple of the alignment: no tensor that fits into
// one reaches into the next. Returns the arena's size.
std::size_t place_in_arena(std::vector<Placement> &tensors, std::size_t alignment, std::size_t block = ~std::size_t{0});

} // namespace convscope
