#include "importer/keras_layout.h"

#include <algorithm>

namespace convscope {

Transposition::Transposition(std::size_t rows, std::size_t columns, Shape map)
    : rows_(rows), columns_(columns), channels_(map.c > 0 ? static_cast<std::size_t>(map.c) : 1),
      result_(rows * columns) {}

void Transposition::take(std::span<const float> strip) {
  const std::size_t count = strip.size() / columns_, pixels = rows_ / channels_;
  // Columns by the cache line, so that a line that was read is used whole.
  constexpr std::size_t line = 16;
  for (std::size_t first = 0; first < columns_; first += line) {
    const std::size_t last = std::min(first + line, columns_);
    for (std::size_t row = 0; row < count; ++row) {
      const std::size_t target = (next_ + row) % channels_ * pixels + (next_ + row) / channels_;
      for (std::size_t column = first; column < last; ++column)
        result_[column * rows_ + target] = strip[row * columns_ + column];
    }
  }
  next_ += count;
}

std::vector<float> transposed(std::span<const float> source, std::size_t rows, std::size_t columns, Shape map) {
  Transposition transposition(rows, columns, map);
  transposition.take(source);
  return transposition.result();
}

} // namespace convscope
