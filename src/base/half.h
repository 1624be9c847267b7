// Half-precision floats (IEEE 754 binary16): how weights are stored in files and, for --precision fp16, on the device.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace convscope {

inline float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16U;
  const std::uint32_t exponent = bits >> 10U & 31U, mantissa = bits & 1023U;
  if (exponent == 0) // zero and subnormal numbers: multiples of 2^-24
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(mantissa) * 0x1p-24F));
  const std::uint32_t widened = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | widened << 23U | mantissa << 13U);
}

// To the nearest, ties to even; what is too large becomes infinite.
inline std::uint16_t float_to_half(float value) {
  const std::uint32_t sign = std::bit_cast<std::uint32_t>(value) >> 16U & 0x8000U;
  const float size = std::abs(value);
  const auto bits = std::bit_cast<std::uint32_t>(size);
  std::uint32_t half = 0;
  if (std::isnan(value))
    half = 0x7e00U;
  else if (size >= 65520) // half way from the largest number to what would be the next
    half = 0x7c00U;
  else if (size < 0x1p-14F) // subnormal: behind 2^-1 a multiple of 2^-24 lies in the last bits, rounded as it should be
    half = std::bit_cast<std::uint32_t>(size + 0.5F) - 0x3f000000U;
  else
    half = ((bits + 0xfffU + (bits >> 13U & 1U)) >> 13U) - (112U << 10U);
  return static_cast<std::uint16_t>(sign | half);
}

} // namespace convscope
