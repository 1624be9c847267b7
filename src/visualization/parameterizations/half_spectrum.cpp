#include "visualization/parameterizations/half_spectrum.h"

#include <cstddef>
#include <numbers>

namespace convscope {

namespace {

using Complex = std::complex<double>;

// n numbers, `stride` apart, of a transform of length n * turn: by the smallest factor of n, and so on.
void transform(const Complex *from, std::size_t stride, Complex *to, std::size_t n, const std::vector<Complex> &roots) {
  if (n == 1) {
    *to = *from;
    return;
  }
  std::size_t factor = 2;
  while (n % factor != 0)
    ++factor;
  const std::size_t rest = n / factor, turn = roots.size() / n;
  for (std::size_t r = 0; r < factor; ++r)
    transform(from + r * stride, stride * factor, to + r * rest, rest, roots);
  std::vector<Complex> parts(factor);
  for (std::size_t k = 0; k < rest; ++k) {
    for (std::size_t r = 0; r < factor; ++r)
      parts[r] = to[r * rest + k];
    for (std::size_t q = 0; q < factor; ++q) {
      Complex sum = 0;
      for (std::size_t r = 0; r < factor; ++r)
        sum += parts[r] * roots[r * (k + q * rest) % n * turn];
      to[q * rest + k] = sum;
    }
  }
}

std::vector<Complex> roots_of(int n) {
  std::vector<Complex> roots;
  for (int i = 0; i < n; ++i)
    roots.push_back(std::polar(1.0, -2 * std::numbers::pi * i / n));
  return roots;
}

} // namespace

std::vector<Complex> half_spectrum(const double *plane, int height, int width) {
  const auto h = static_cast<std::size_t>(height), w = static_cast<std::size_t>(width), columns = w / 2 + 1;
  const std::vector<Complex> across = roots_of(width), down = roots_of(height);
  std::vector<Complex> result(h * columns), line(w), moved(w), column(h), turned(h);
  for (std::size_t y = 0; y < h; ++y) {
    line.assign(plane + y * w, plane + (y + 1) * w);
    transform(line.data(), 1, moved.data(), w, across);
    for (std::size_t k = 0; k < columns; ++k)
      result[y * columns + k] = moved[k];
  }
  for (std::size_t k = 0; k < columns; ++k) {
    for (std::size_t y = 0; y < h; ++y)
      column[y] = result[y * columns + k];
    transform(column.data(), 1, turned.data(), h, down);
    for (std::size_t y = 0; y < h; ++y)
      result[y * columns + k] = turned[y];
  }
  return result;
}

} // namespace convscope
