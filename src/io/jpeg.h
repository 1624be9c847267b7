// JPEG in and out, through libjpeg.
#pragma once

#include "io/image.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace convscope {

bool is_jpeg(std::span<const std::uint8_t> bytes);
std::int64_t jpeg_pixels(std::span<const std::uint8_t> bytes); // that its header tells, or 0
// `name` is for errors. `warning` becomes what libjpeg had to put up with, or "". Where more than half of the picture
// is lost (blocks that are not there or can't be told), that is an error.
ImageRgb8 decode_jpeg(std::span<const std::uint8_t> bytes, const std::string &name, std::string &warning);
// EXIF's orientation 1..8; 1 where there is none or it does not parse.
int exif_orientation(std::span<const std::uint8_t> jpeg);

// The same image, quality (1..100) and comment give the same bytes.
std::vector<std::uint8_t> encode_jpeg(const ImageRgb8 &image, int quality, const std::string &comment = "");
// The first comment of a JPEG, or "".
std::string jpeg_comment(std::span<const std::uint8_t> jpeg);

} // namespace convscope
