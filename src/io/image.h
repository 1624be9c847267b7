// Pictures as files hold them. PNG or JPEG is told by content, never by the name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace convscope {

struct ImageRgb8 {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels; // height x width x 3, interleaved

  ImageRgb8() = default;
  ImageRgb8(int w, int h, std::uint8_t grey = 0)
      : width(w), height(h), pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3, grey) {}
  std::uint8_t *at(int x, int y) { return pixels.data() + (static_cast<std::size_t>(y) * width + x) * 3; }
  const std::uint8_t *at(int x, int y) const { return pixels.data() + (static_cast<std::size_t>(y) * width + x) * 3; }
};

inline constexpr int image_side_limit = 16384;
inline constexpr std::int64_t image_pixel_limit = std::int64_t{1} << 28;

// Any PNG (alpha is laid over white, 16 bits are rounded to 8) or JPEG (turned as its EXIF orientation
// says). UserError names the file where it is neither, damaged, truncated or over the limits.
ImageRgb8 read_image(const std::filesystem::path &path);

// UserError that begins with `name` where an image has no pixels or is over the limits.
void check_image_size(std::int64_t width, std::int64_t height, const std::string &name);

} // namespace convscope
