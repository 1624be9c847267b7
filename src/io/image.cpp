#include "io/image.h"

#include "base/error.h"
#include "base/files.h"
#include "io/jpeg.h"
#include "io/png.h"

#include <new>

namespace convscope {

ImageRgb8 read_image(const std::filesystem::path &path) {
  const std::vector<std::uint8_t> bytes = read_file(path, std::uint64_t{1} << 30);
  const std::string name = path_text(path);
  try {
    if (is_png(bytes))
      return decode_png(bytes, name);
    if (is_jpeg(bytes))
      return decode_jpeg(bytes, name);
  } catch (const std::bad_alloc &) {
    throw UserError(name + ": does not fit into memory");
  }
  throw UserError(name + ": is neither PNG nor JPEG");
}

void check_image_size(std::int64_t width, std::int64_t height, const std::string &name) {
  if (width < 1 || height < 1)
    throw UserError(name + ": is an image without pixels");
  if (width > image_side_limit || height > image_side_limit || width * height > image_pixel_limit)
    throw UserError(name + ": is too large: " + std::to_string(width) + "x" + std::to_string(height) +
                    " pixels; at most " + std::to_string(image_side_limit) + " a side and " +
                    std::to_string(image_pixel_limit) + " in all");
}

} // namespace convscope
