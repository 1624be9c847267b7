// Workgroups for a number of threads an image, which is the y axis: the kernels of this folder have 64 in a group, and
// number them by item_of_image (shaders/linear.glsl).
#pragma once

#include <array>
#include <cstdint>

#include "plan/layout.h"

namespace convscope {

inline std::array<std::uint32_t, 3> image_groups(std::int64_t threads, int images) {
  const auto [x, layers] = layered_groups((threads + 63) / 64);
  return {x, static_cast<std::uint32_t>(images), layers};
}

} // namespace convscope
