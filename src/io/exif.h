// What EXIF says of a picture: how the stored pixels are to be turned.
#pragma once

#include "io/image.h"

#include <cstdint>
#include <span>

namespace convscope {

// EXIF's orientation 1..8 of its TIFF structure ("II*" or "MM*" onwards); 1 where there is none or it does not parse.
int tiff_orientation(std::span<const std::uint8_t> tiff);
// The stored picture, turned and mirrored to how it is to be seen.
ImageRgb8 oriented(ImageRgb8 image, int orientation);

} // namespace convscope
