#include "visualization/parameters_of.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "visualization/parameterization.h"

namespace convscope {

namespace {

// The inverse of shaders/colour.glsl's matrix, times its norm: computed from the matrix, by the adjugate.
std::vector<double> from_rgb() {
  constexpr double norm = 0.461952;
  constexpr double m[3][3] = {{0.26, 0.09, 0.02}, {0.27, 0.00, -0.05}, {0.27, -0.09, 0.03}};
  std::vector<double> inverse(9);
  double determinant = 0;
  for (int i = 0; i < 3; ++i)
    determinant += m[0][i] * (m[1][(i + 1) % 3] * m[2][(i + 2) % 3] - m[1][(i + 2) % 3] * m[2][(i + 1) % 3]);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      const int a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
      inverse[std::size_t(i) * 3 + std::size_t(j)] = (m[a][c] * m[b][d] - m[a][d] * m[b][c]) / determinant * norm;
    }
  return inverse;
}

// Red, green and blue become the channels that they are made of.
void decorrelate(std::vector<double> &planes, std::size_t pixels) {
  const std::vector<double> inverse = from_rgb();
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::array<double, 3> rgb{planes[i], planes[pixels + i], planes[2 * pixels + i]};
    for (std::size_t c = 0; c < 3; ++c)
      planes[c * pixels + i] = inverse[c * 3] * rgb[0] + inverse[c * 3 + 1] * rgb[1] + inverse[c * 3 + 2] * rgb[2];
  }
}

// -1 -> 0, size -> size - 1: of what lies less than `size` outside.
std::size_t mirrored(int i, int size) {
  return static_cast<std::size_t>(i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i);
}

std::vector<std::complex<double>> roots(int n) {
  std::vector<std::complex<double>> result;
  for (int i = 0; i < n; ++i)
    result.push_back(std::polar(1.0, -2 * std::numbers::pi * i / n));
  return result;
}

// The half spectrum (H, W/2+1) of a plane (H, W), by the definition, rows and then columns: done once for an image,
// at sizes where that takes milliseconds.
std::vector<std::complex<double>> half_spectrum(const double *plane, int height, int width) {
  const int columns = width / 2 + 1;
  const auto index = [columns](int j, int k) { return std::size_t(j) * std::size_t(columns) + std::size_t(k); };
  const auto across = roots(width), down = roots(height);
  std::vector<std::complex<double>> rows(std::size_t(height) * std::size_t(columns)), result(rows.size());
  for (int y = 0; y < height; ++y)
    for (int k = 0; k < columns; ++k) {
      std::complex<double> sum = 0;
      for (int x = 0, at = 0; x < width; ++x, at = (at + k) % width)
        sum += plane[y * width + x] * across[std::size_t(at)];
      rows[index(y, k)] = sum;
    }
  for (int j = 0; j < height; ++j)
    for (int y = 0, at = 0; y < height; ++y, at = (at + j) % height)
      for (int k = 0; k < columns; ++k)
        result[index(j, k)] += rows[index(y, k)] * down[std::size_t(at)];
  return result;
}

} // namespace

Array parameters_of(const Array &image, const Recipe &recipe) {
  if (image.shape.size() != 3 || image.shape[0] < 1 || image.shape[1] < 1 || image.shape[2] < 1)
    throw UserError("an image of the shape (C, H, W) is needed");
  const int count = static_cast<int>(image.shape[0]), height = static_cast<int>(image.shape[1]),
            width = static_cast<int>(image.shape[2]);
  const Margins whole = margins_of(recipe, height, width);
  const std::size_t pixels = std::size_t(whole.height) * std::size_t(whole.width);
  constexpr double inside = 1.0 / 512;
  const double gain = image_gain(recipe, count);
  std::vector<double> planes;
  for (int c = 0; c < count; ++c)
    for (int y = 0; y < whole.height; ++y)
      for (int x = 0; x < whole.width; ++x) { // around the image is its mirror image
        const std::size_t row = std::size_t(c) * std::size_t(height) + mirrored(y - whole.top, height);
        const float pixel = image.data[row * std::size_t(width) + mirrored(x - whole.left, width)];
        const double v = std::clamp(double(pixel), inside, 1 - inside);
        planes.push_back(std::log(v / (1 - v)) / gain);
      }
  if (decorrelates(recipe, count))
    decorrelate(planes, pixels);
  if (recipe.parameterization != ParameterizationKind::fft)
    return {{1, count, height, width}, {planes.begin(), planes.end()}};
  const std::vector<float> scale = frequency_scale(whole.height, whole.width, recipe.decay);
  Array result{{1, count, whole.height, whole.width / 2 + 1, 2}, {}};
  for (int c = 0; c < count; ++c) {
    const auto spectrum = half_spectrum(&planes[std::size_t(c) * pixels], whole.height, whole.width);
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      const std::complex<double> s = spectrum[i] / (double(pixels) * scale[i]);
      result.data.push_back(static_cast<float>(s.real()));
      result.data.push_back(static_cast<float>(s.imag()));
    }
  }
  return result;
}

} // namespace convscope
