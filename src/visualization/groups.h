// Workgroups for a number of threads: the kernels of this folder have 64 in a group.
#pragma once

#include <cstdint>

namespace convscope {

inline std::uint32_t groups(std::int64_t threads) { return static_cast<std::uint32_t>((threads + 63) / 64); }

} // namespace convscope
