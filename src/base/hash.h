// FNV-1a, 64 bits: tells contents apart; no protection against intent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace convscope {

constexpr std::uint64_t fnv1a_start = 0xcbf29ce484222325U;

// Goes on from `hash`, so that data may come in pieces.
inline std::uint64_t fnv1a(std::span<const std::byte> data, std::uint64_t hash = fnv1a_start) {
  for (const std::byte byte : data)
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
  return hash;
}

// As it is written: 16 hexadecimal digits.
inline std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }
inline std::string hash_text(std::string_view content) { return hash_text(fnv1a(std::as_bytes(std::span(content)))); }

} // namespace convscope
