// Ints that are not negative as what containers and Vulkan count with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace convscope {

constexpr std::size_t size_of(int value) { return static_cast<std::size_t>(value); }
constexpr std::uint32_t unsigned_of(int value) { return static_cast<std::uint32_t>(value); }

} // namespace convscope
