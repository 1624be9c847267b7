// JPEG in, through TurboJPEG.
#pragma once

#include "io/image.h"

#include <cstdint>
#include <span>
#include <string>

namespace convscope {

bool is_jpeg(std::span<const std::uint8_t> bytes);
// `name` is for errors. A warning of the decoder (a truncated file, say) is an error here.
ImageRgb8 decode_jpeg(std::span<const std::uint8_t> bytes, const std::string &name);
// EXIF's orientation 1..8; 1 where there is none or it does not parse.
int exif_orientation(std::span<const std::uint8_t> jpeg);

} // namespace convscope
