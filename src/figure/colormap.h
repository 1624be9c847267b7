// Magma: dark to light through purple and orange, perceptually even.
#pragma once

#include "base/array.h"
#include "io/image.h"

#include <array>
#include <cstdint>
#include <span>

namespace convscope {

using Rgb = std::array<std::uint8_t, 3>;

// Clamped to 0..1, the nearest of 256 entries; NaN gives the low end.
Rgb magma(double value);
// The table itself, for a front end that uploads it as a texture.
std::span<const Rgb, 256> magma_table();
// (value - low) / (high - low) through magma; all at the low end where high <= low. `map` is height x width.
ImageRgb8 colorize(std::span<const float> map, int width, int height, double low, double high);

} // namespace convscope
