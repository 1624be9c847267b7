#include "microscope/sprites.h"

#include <algorithm>

#include <fmt/format.h>

#include "figure/page.h"
#include "io/jpeg.h"
#include "io/resize.h"

namespace convscope {

namespace {

constexpr int thumbnail_quality = 84;
constexpr std::uint8_t empty_grey = 128; // compresses to nothing; pages do not show it

// A square of the picture's middle.
ImageRgb8 thumbnail(const ImageRgb8 &picture) {
  return resize(cut(picture, centered_part(picture.width, picture.height, 1, 1)), sprite_side, sprite_side);
}

} // namespace

bool has_sheet(const SiteStore &store, const std::string &path, const std::string &key) {
  const auto there = store.get(path);
  return there && jpeg_comment({reinterpret_cast<const std::uint8_t *>(there->data()), there->size()}) == key;
}

void put_sheet(const SiteStore &store, const std::string &path, const ImageRgb8 &sheet, int quality,
               const std::string &key) {
  store.put(path, encode_jpeg(sheet, quality, key));
}

std::string sheet_path(const std::string &layer, std::size_t sheet) {
  return fmt::format("sprites/{}/{}.jpg", layer, sheet);
}

void write_sheet(const SiteStore &store, const std::string &path, const std::string &key, std::size_t cells,
                 const std::function<ImageRgb8(std::size_t)> &draw) {
  if (has_sheet(store, path, key))
    return;
  ImageRgb8 sheet(sprite_side * sheet_columns, sprite_side * sheet_columns, empty_grey);
  for (std::size_t i = 0; i < cells; ++i)
    if (const ImageRgb8 picture = draw(i); !picture.pixels.empty())
      paste(sheet, thumbnail(picture), static_cast<int>(i % sheet_columns) * sprite_side,
            static_cast<int>(i / sheet_columns) * sprite_side);
  put_sheet(store, path, sheet, thumbnail_quality, key);
}

} // namespace convscope
