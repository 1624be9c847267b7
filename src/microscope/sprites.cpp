#include "microscope/sprites.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/jpeg.h"
#include "io/resize.h"

namespace convscope {

namespace {

constexpr int quality = 84;
constexpr std::uint8_t empty_grey = 128; // compresses to nothing; pages do not show it

void paste(const ImageRgb8 &from, ImageRgb8 &to, int left, int top) {
  for (int y = 0; y < from.height; ++y)
    std::copy_n(from.at(0, y), static_cast<std::size_t>(from.width) * 3, to.at(left, top + y));
}

// A square of the picture's middle.
ImageRgb8 thumbnail(const ImageRgb8 &picture) {
  const int side = std::min(picture.width, picture.height);
  ImageRgb8 square(side, side);
  const int left = (picture.width - side) / 2, top = (picture.height - side) / 2;
  for (int y = 0; y < side; ++y)
    std::copy_n(picture.at(left, top + y), static_cast<std::size_t>(side) * 3, square.at(0, y));
  return resize(square, sprite_side, sprite_side);
}

} // namespace

std::string sheet_path(const std::string &layer, std::size_t sheet) {
  return fmt::format("sprites/{}/{}.jpg", layer, sheet);
}

void write_sheet(const SiteStore &store, const std::string &path, const std::string &key, std::size_t cells,
                 const std::function<ImageRgb8(std::size_t)> &draw) {
  if (const auto there = store.get(path);
      there && jpeg_comment({reinterpret_cast<const std::uint8_t *>(there->data()), there->size()}) == key)
    return;
  ImageRgb8 sheet(sprite_side * sheet_columns, sprite_side * sheet_columns, empty_grey);
  for (std::size_t i = 0; i < cells; ++i)
    if (const ImageRgb8 picture = draw(i); !picture.pixels.empty())
      paste(thumbnail(picture), sheet, static_cast<int>(i % sheet_columns) * sprite_side,
            static_cast<int>(i / sheet_columns) * sprite_side);
  const std::vector<std::uint8_t> bytes = encode_jpeg(sheet, quality, key);
  store.put(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

} // namespace convscope
