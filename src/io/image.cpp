#include "io/image.h"

#include "base/error.h"
#include "base/files.h"
#include "io/jpeg.h"
#include "io/picture_kinds.h"
#include "io/png.h"
#include "io/webp.h"

#include <new>

namespace convscope {

namespace {

// `warning` is without the name.
ImageRgb8 decode(std::span<const std::uint8_t> bytes, const std::string &name, std::string &warning) {
  if (is_png(bytes))
    return decode_png(bytes, name);
  if (is_webp(bytes))
    return decode_webp(bytes, name, warning);
  const std::string kind = other_kind(bytes, name);
  if (kind.empty() && is_jpeg(bytes))
    return decode_jpeg(bytes, name, warning);
  throw UserError(name + ": " + (kind.empty() ? "is neither PNG nor JPEG nor WebP" : kind));
}

} // namespace

ImageRgb8 decode_image(std::span<const std::uint8_t> bytes, const std::string &name, std::string *warning) {
  std::string what;
  ImageRgb8 image = decode(bytes, name, what);
  if (warning)
    *warning = what.empty() ? "" : name + ": " + what;
  return image;
}

ImageRgb8 read_image(const std::filesystem::path &path, std::string *warning) {
  const std::vector<std::uint8_t> bytes = read_file(path, image_file_limit);
  try {
    return decode_image(bytes, path_text(path), warning);
  } catch (const std::bad_alloc &) {
    throw UserError(path_text(path) + ": does not fit into memory");
  }
}

std::int64_t pixels_told(std::span<const std::uint8_t> bytes) {
  if (is_png(bytes) && bytes.size() >= 24) {
    const auto number = [&](std::size_t at) {
      return std::int64_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    };
    return number(16) * number(20);
  }
  return is_webp(bytes) ? webp_pixels(bytes) : is_jpeg(bytes) ? jpeg_pixels(bytes) : 0;
}

bool is_image(std::span<const std::uint8_t> bytes) { return is_png(bytes) || is_webp(bytes) || is_jpeg(bytes); }

void check_image_size(std::int64_t width, std::int64_t height, const std::string &name) {
  if (width < 1 || height < 1)
    throw UserError(name + ": is an image without pixels");
  if (width > image_side_limit || height > image_side_limit || width * height > image_pixel_limit)
    throw UserError(name + ": is too large: " + std::to_string(width) + "x" + std::to_string(height) +
                    " pixels; at most " + std::to_string(image_side_limit) + " a side and " +
                    std::to_string(image_pixel_limit) + " in all");
}

void lay_over_white(std::span<const std::uint8_t> rgba, ImageRgb8 &image) {
  for (std::size_t i = 0; i < image.pixels.size() / 3; ++i) {
    const int alpha = rgba[i * 4 + 3];
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[i * 3 + c] = static_cast<std::uint8_t>((rgba[i * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

} // namespace convscope
