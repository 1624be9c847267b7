#include "visualization/parameters_of.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/forms.h"

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

// -1 -> 0, size -> size - 1: of what lies less than `size` outside.
std::size_t mirrored(int i, int size) {
  return static_cast<std::size_t>(i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i);
}

} // namespace

void decorrelate(std::vector<double> &planes, std::size_t pixels) {
  const std::vector<double> inverse = from_rgb();
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::array<double, 3> rgb{planes[i], planes[pixels + i], planes[2 * pixels + i]};
    for (std::size_t c = 0; c < 3; ++c)
      planes[c * pixels + i] = inverse[c * 3] * rgb[0] + inverse[c * 3 + 1] * rgb[1] + inverse[c * 3 + 2] * rgb[2];
  }
}

void check_invertible(const Recipe &recipe) {
  const ParameterizationForm &form = form_of(recipe.parameterization);
  if (form.inverse == nullptr)
    throw UserError(fmt::format("parameterization '{}' can't start from a picture: fft, pixel and laplacian can",
                                form.name));
}

Array parameters_of(const Array &image, const Recipe &recipe) {
  if (image.shape.size() != 3 || image.shape[0] < 1 || image.shape[1] < 1 || image.shape[2] < 1)
    throw UserError("an image of the shape (C, H, W) is needed");
  check_invertible(recipe);
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
  return form_of(recipe.parameterization)
      .inverse(recipe, {{count, whole.height, whole.width}, {planes.begin(), planes.end()}});
}

} // namespace convscope
