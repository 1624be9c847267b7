#include "visualization/random.h"

#include "base/hash.h"

namespace convscope {

std::uint64_t text_hash(std::string_view text) { return fnv1a(std::as_bytes(std::span(text))); }

std::array<std::uint32_t, 2> philox_key(std::uint64_t seed, std::string_view text) {
  std::uint64_t mixed = seed + 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  mixed ^= mixed >> 31;
  const std::uint64_t key = mixed ^ text_hash(text);
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

} // namespace convscope
