// Numbers that the checks and the makers of their right values agree on, on every host: hashes of seed and index.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace convscope::doctor {

inline std::size_t floats(const Shape &shape, int batch) {
  return static_cast<std::size_t>(shape.elements()) * static_cast<std::size_t>(batch);
}

// In [0, 1), a multiple of 2^-24: SplitMix64's finalizer.
inline double noise_at(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t x = (seed << 32) + index + 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((x ^ (x >> 31)) >> 40) * 0x1p-24;
}

inline std::vector<float> noise(std::size_t count, std::uint64_t seed, double low = -1, double high = 1) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(low + (high - low) * noise_at(seed, i));
  return values;
}

// Multiples of 1/32: sums of a few thousand products of them are exact in float32, and no rounding decides what a ReLU
// lets through.
inline std::vector<float> coarse_noise(std::size_t count, std::uint64_t seed, double low = -1, double high = 1) {
  std::vector<float> values = noise(count, seed, low, high);
  for (float &value : values)
    value = std::round(value * 32) / 32;
  return values;
}

} // namespace convscope::doctor
