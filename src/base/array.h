// An n-dimensional float array on the host, row-major: what npy files hold and what readbacks give.
#pragma once

#include <cstdint>
#include <vector>

namespace convscope {

struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> data;
  std::int64_t elements() const {
    std::int64_t n = 1;
    for (auto extent : shape)
      n *= extent;
    return n;
  }
};

} // namespace convscope
