// WebP in, through libwebp.
#pragma once

#include "io/image.h"

#include <cstdint>
#include <span>
#include <string>

namespace convscope {

bool is_webp(std::span<const std::uint8_t> bytes);
std::int64_t webp_pixels(std::span<const std::uint8_t> bytes); // that its header tells, or 0
// Lossy or lossless; of an animation its first frame, which `warning` then says. `name` is for errors.
ImageRgb8 decode_webp(std::span<const std::uint8_t> bytes, const std::string &name, std::string &warning);

} // namespace convscope
