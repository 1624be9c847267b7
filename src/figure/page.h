// What every figure shares: the page's colours and sizes, and pasting pictures onto it.
#pragma once

#include "figure/colormap.h"
#include "io/image.h"

#include <string>

namespace convscope {

namespace page {
inline constexpr std::uint8_t paper = 255;
inline constexpr Rgb ink = {38, 38, 38};
inline constexpr Rgb dim = {120, 120, 120};
inline constexpr int margin = 24;
inline constexpr int gutter = 16;
} // namespace page

// Copies the picture with its top left corner at (x, y); what falls outside is clipped.
void paste(ImageRgb8 &canvas, const ImageRgb8 &picture, int x, int y);
// Each pixel becomes factor x factor.
ImageRgb8 enlarge(const ImageRgb8 &image, int factor);
// An empty page; UserError that begins with `what` where it would pass the limits of an image.
ImageRgb8 blank_page(std::int64_t width, std::int64_t height, const std::string &what);

} // namespace convscope
