#include "importer/keras_layout.h"

#include <algorithm>

namespace convscope {

std::vector<float> transposed(const std::vector<float> &source, std::size_t rows, std::size_t columns, Shape map) {
  const std::size_t channels = map.c > 0 ? static_cast<std::size_t>(map.c) : 1;
  const std::size_t pixels = rows / channels;
  // Strips of columns, so that a cache line that was read is used whole.
  constexpr std::size_t strip = 16;
  std::vector<float> result(source.size());
  for (std::size_t first = 0; first < columns; first += strip) {
    const std::size_t last = std::min(first + strip, columns);
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t p = 0; p < pixels; ++p)
        for (std::size_t column = first; column < last; ++column)
          result[column * rows + c * pixels + p] = source[(p * channels + c) * columns + column];
  }
  return result;
}

} // namespace convscope
