#include "figure/page.h"

#include <algorithm>
#include <cstring>

namespace convscope {

void paste(ImageRgb8 &canvas, const ImageRgb8 &picture, int x, int y) {
  const int left = std::max(0, -x), right = std::min(picture.width, canvas.width - x);
  for (int row = std::max(0, -y); row < std::min(picture.height, canvas.height - y) && left < right; ++row)
    std::memcpy(canvas.at(x + left, y + row), picture.at(left, row), static_cast<std::size_t>(right - left) * 3);
}

ImageRgb8 enlarge(const ImageRgb8 &image, int factor) {
  ImageRgb8 out(image.width * factor, image.height * factor);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      std::memcpy(out.at(x, y), image.at(x / factor, y / factor), 3);
  return out;
}

ImageRgb8 blank_page(std::int64_t width, std::int64_t height, const std::string &what) {
  check_image_size(width, height, what);
  return ImageRgb8(static_cast<int>(width), static_cast<int>(height), page::paper);
}

} // namespace convscope
