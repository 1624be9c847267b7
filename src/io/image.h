// Pictures as files hold them. PNG, JPEG or WebP is told by content, never by the name.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
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

// Of red, green and blue, how light a colour is: BT.601.
inline constexpr std::array<double, 3> luma{0.299, 0.587, 0.114};

inline constexpr int image_side_limit = 16384;
inline constexpr std::int64_t image_pixel_limit = std::int64_t{1} << 28;

// Any PNG, JPEG or WebP: alpha is laid over white, 16 bits are rounded to 8, a JPEG or WebP is turned as its EXIF
// orientation says. UserError names the file where it is none of them, damaged, truncated or over the limits. `warning`
// becomes what is wrong with a picture that can be read all the same, one line that begins with the file's name, or "".
ImageRgb8 read_image(const std::filesystem::path &path, std::string *warning = nullptr);
// The same of a file's content; std::bad_alloc where it does not fit into memory.
ImageRgb8 decode_image(std::span<const std::uint8_t> bytes, const std::string &name, std::string *warning = nullptr);
inline constexpr std::uint64_t image_file_limit = std::uint64_t{1} << 30; // bytes

// Whether it is any of them, by its first 16 bytes.
bool is_image(std::span<const std::uint8_t> bytes);
// How many pixels its header says that it has; 0 where it does not say.
std::int64_t pixels_told(std::span<const std::uint8_t> bytes);

// UserError that begins with `name` where an image has no pixels or is over the limits.
void check_image_size(std::int64_t width, std::int64_t height, const std::string &name);

// What transparent pixels (R, G, B, A each) look like over white. `rgba` has as many as `image`.
void lay_over_white(std::span<const std::uint8_t> rgba, ImageRgb8 &image);

} // namespace convscope
