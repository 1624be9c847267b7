// Random numbers that depend on a seed and on what is drawn, never on the order of drawing: Philox 4x32-10, on the
// device (shaders/philox.glsl). An image's numbers are the same alone, anywhere in a batch, and in any step order.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace convscope {

// 64-bit FNV-1a.
std::uint64_t text_hash(std::string_view text);
// The key (low word, high word) of mix(seed) ^ text_hash(text), where mix is SplitMix64's finalizer.
std::array<std::uint32_t, 2> philox_key(std::uint64_t seed, std::string_view text);
// As philox() of shaders/philox.glsl.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

} // namespace convscope
