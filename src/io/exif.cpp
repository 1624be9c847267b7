#include "io/exif.h"

#include <cstring>
#include <utility>

namespace convscope {

int tiff_orientation(std::span<const std::uint8_t> tiff) {
  if (tiff.size() < 8)
    return 1;
  const bool little = tiff[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t size) -> std::size_t {
    std::size_t value = 0;
    if (at > tiff.size() || tiff.size() - at < size)
      return 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | tiff[little ? at + size - 1 - i : at + i];
    return value;
  };
  const std::size_t directory = number(4, 4);
  const std::size_t entries = number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (number(entry, 2) == 0x0112) {
      const std::size_t value = number(entry + 8, 2);
      return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
  }
  return 1;
}

ImageRgb8 oriented(ImageRgb8 image, int orientation) {
  if (orientation == 1)
    return image;
  const bool transposed = orientation >= 5;
  ImageRgb8 out(transposed ? image.height : image.width, transposed ? image.width : image.height);
  // Which stored edge the seen picture begins at, along its own x and y.
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      int from_x = flip_x ? out.width - 1 - x : x, from_y = flip_y ? out.height - 1 - y : y;
      if (transposed)
        std::swap(from_x, from_y);
      std::memcpy(out.at(x, y), image.at(from_x, from_y), 3);
    }
  return out;
}

} // namespace convscope
