#include "reference/parameterization.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace convscope::reference {

namespace {

using Complex = std::complex<double>;

constexpr double colour_norm = 0.461952;
constexpr double colour_matrix[3][3] = {{0.26, 0.09, 0.02}, {0.27, 0, -0.05}, {0.27, -0.09, 0.03}};

// e^(2 pi i turns / length) for turns = 0 .. length-1
std::vector<Complex> roots_of_unity(int length) {
  std::vector<Complex> roots(length);
  for (int i = 0; i < length; ++i)
    roots[i] = std::polar(1.0, 2 * std::numbers::pi * i / length);
  return roots;
}

// How often column k of the half spectrum counts in the real image: once where it is its own conjugate.
double column_weight(int k, int width) { return k == 0 || 2 * k == width ? 1 : 2; }

Tensor scaled(const Tensor &spectrum, int width, double decay) {
  Tensor result = spectrum;
  std::vector<double> scale = spectrum_scale(spectrum.h, width, decay);
  for (std::size_t i = 0; i < result.data.size(); ++i)
    result.data[i] *= scale[i / 2 % scale.size()];
  return result;
}

Tensor multiplied(const Tensor &x, bool transposed) {
  Tensor y(x.n, 3, x.h, x.w);
  for (int n = 0; n < x.n; ++n)
    for (int to = 0; to < 3; ++to)
      for (int from = 0; from < 3; ++from)
        for (int iy = 0; iy < x.h; ++iy)
          for (int ix = 0; ix < x.w; ++ix)
            y.at(n, to, iy, ix) +=
                (transposed ? colour_matrix[from][to] : colour_matrix[to][from]) / colour_norm * x.at(n, from, iy, ix);
  return y;
}

Tensor sigmoid(const Tensor &x) {
  Tensor y = x;
  for (double &value : y.data)
    value = 1 / (1 + std::exp(-value));
  return y;
}

Tensor sigmoid_gradient(const Tensor &grad, const Tensor &y) {
  Tensor result = grad;
  for (std::size_t i = 0; i < result.data.size(); ++i)
    result.data[i] *= y.data.at(i) * (1 - y.data[i]);
  return result;
}

Tensor times(Tensor x, double factor) {
  for (double &value : x.data)
    value *= factor;
  return x;
}

} // namespace

std::vector<double> spectrum_scale(int height, int width, double decay) {
  std::vector<double> scale;
  for (int j = 0; j < height; ++j)
    for (int k = 0; k <= width / 2; ++k) {
      double fy = double(std::min(j, height - j)) / height, fx = double(k) / width;
      double f = std::max(std::hypot(fx, fy), 1.0 / std::max(height, width));
      scale.push_back(std::sqrt(double(height) * width) / std::pow(f, decay));
    }
  return scale;
}

Tensor irfft2(const Tensor &spectrum, int width) {
  int height = spectrum.h, columns = width / 2 + 1;
  std::vector<Complex> turn_h = roots_of_unity(height), turn_w = roots_of_unity(width);
  Tensor image(spectrum.n, spectrum.c, height, width);
  std::vector<Complex> row(columns);
  for (int n = 0; n < spectrum.n; ++n)
    for (int c = 0; c < spectrum.c; ++c)
      for (int y = 0; y < height; ++y) {
        for (int k = 0; k < columns; ++k) {
          row[k] = 0;
          for (int j = 0; j < height; ++j)
            row[k] += Complex(spectrum.at(n, c, j, 2 * k), spectrum.at(n, c, j, 2 * k + 1)) * turn_h[j * y % height];
        }
        // At the DC and Nyquist columns the factor is real, so that their imaginary parts fall away here.
        for (int x = 0; x < width; ++x) {
          double sum = 0;
          for (int k = 0; k < columns; ++k)
            sum += column_weight(k, width) * (row[k] * turn_w[k * x % width]).real();
          image.at(n, c, y, x) = sum / (double(height) * width);
        }
      }
  return image;
}

Tensor irfft2_adjoint(const Tensor &grad) {
  int height = grad.h, width = grad.w, columns = width / 2 + 1;
  std::vector<Complex> turn_h = roots_of_unity(height), turn_w = roots_of_unity(width);
  Tensor result(grad.n, grad.c, height, 2 * columns);
  std::vector<Complex> column(height);
  for (int n = 0; n < grad.n; ++n)
    for (int c = 0; c < grad.c; ++c)
      for (int k = 0; k < columns; ++k) {
        for (int y = 0; y < height; ++y) {
          column[y] = 0;
          for (int x = 0; x < width; ++x)
            column[y] += grad.at(n, c, y, x) * std::conj(turn_w[k * x % width]);
        }
        for (int j = 0; j < height; ++j) {
          Complex sum = 0;
          for (int y = 0; y < height; ++y)
            sum += column[y] * std::conj(turn_h[j * y % height]);
          sum *= column_weight(k, width) / (double(height) * width);
          result.at(n, c, j, 2 * k) = sum.real();
          result.at(n, c, j, 2 * k + 1) = sum.imag();
        }
      }
  return result;
}

Tensor cropped(const Tensor &x, int height, int width) {
  Tensor y(x.n, x.c, height, width);
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int iy = 0; iy < height; ++iy)
        for (int ix = 0; ix < width; ++ix)
          y.at(n, c, iy, ix) = x.at(n, c, iy + (x.h - height) / 2, ix + (x.w - width) / 2);
  return y;
}

Tensor cropped_adjoint(const Tensor &grad, int height, int width) {
  Tensor x(grad.n, grad.c, height, width);
  for (int n = 0; n < grad.n; ++n)
    for (int c = 0; c < grad.c; ++c)
      for (int iy = 0; iy < grad.h; ++iy)
        for (int ix = 0; ix < grad.w; ++ix)
          x.at(n, c, iy + (height - grad.h) / 2, ix + (width - grad.w) / 2) = grad.at(n, c, iy, ix);
  return x;
}

Tensor colour(const Tensor &x) { return multiplied(x, false); }

Tensor colour_adjoint(const Tensor &grad) { return multiplied(grad, true); }

Tensor image_from_spectrum(const Tensor &spectrum, int width, double decay) {
  return sigmoid(colour(times(irfft2(scaled(spectrum, width, decay), width), 0.25)));
}

Tensor spectrum_gradient(const Tensor &grad, const Tensor &image, double decay) {
  Tensor decorrelated = times(colour_adjoint(sigmoid_gradient(grad, image)), 0.25);
  return scaled(irfft2_adjoint(decorrelated), image.w, decay);
}

Tensor planes_from_spectrum(const Tensor &spectrum, int width, int image_h, int image_w, double gain, double decay) {
  return sigmoid(times(cropped(irfft2(scaled(spectrum, width, decay), width), image_h, image_w), gain));
}

Tensor planes_gradient(const Tensor &grad, const Tensor &image, int height, int width, double gain, double decay) {
  const Tensor middle = times(sigmoid_gradient(grad, image), gain);
  return scaled(irfft2_adjoint(cropped_adjoint(middle, height, width)), width, decay);
}

Tensor image_from_pixels(const Tensor &pixels) { return sigmoid(colour(pixels)); }

Tensor pixels_gradient(const Tensor &grad, const Tensor &image) {
  return colour_adjoint(sigmoid_gradient(grad, image));
}

} // namespace convscope::reference
