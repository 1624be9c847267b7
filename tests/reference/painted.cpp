#include "reference/painted.h"

#include <algorithm>
#include <cmath>

#include "reference/parameterization.h"

namespace convscope::reference {

namespace {

constexpr double epsilon = 1e-4;

// Of each image, all its numbers together.
void standardize(Tensor &x) {
  const std::size_t size = x.data.size() / std::size_t(x.n);
  for (int n = 0; n < x.n; ++n) {
    double *const values = &x.data[std::size_t(n) * size];
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < size; ++i)
      mean += values[i] / double(size);
    for (std::size_t i = 0; i < size; ++i)
      square += (values[i] - mean) * (values[i] - mean) / double(size);
    for (std::size_t i = 0; i < size; ++i)
      values[i] = (values[i] - mean) / (std::sqrt(square) + epsilon);
  }
}

Tensor part(const std::vector<double> &values, std::size_t first, int planes, int height, int width) {
  Tensor x(1, planes, height, width);
  for (std::size_t i = 0; i < x.data.size(); ++i)
    x.data[i] = values.at(first + i);
  return x;
}

void add(Tensor &to, int image, const Tensor &x, double weight) {
  for (std::size_t i = 0; i < x.data.size(); ++i)
    to.data[std::size_t(image) * x.data.size() + i] += weight * x.data[i];
}

} // namespace

Tensor enlarged(const Tensor &x, int height, int width) {
  Tensor y(x.n, x.c, height, width);
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int iy = 0; iy < height; ++iy)
        for (int ix = 0; ix < width; ++ix) {
          const double at_y = (iy + 0.5) * x.h / height - 0.5, at_x = (ix + 0.5) * x.w / width - 0.5;
          const int y0 = int(std::floor(at_y)), x0 = int(std::floor(at_x));
          for (int dy = 0; dy < 2; ++dy)
            for (int dx = 0; dx < 2; ++dx) {
              const double weight = (dy == 0 ? 1 - (at_y - y0) : at_y - y0) * (dx == 0 ? 1 - (at_x - x0) : at_x - x0);
              y.at(n, c, iy, ix) +=
                  weight * x.at(n, c, std::clamp(y0 + dy, 0, x.h - 1), std::clamp(x0 + dx, 0, x.w - 1));
            }
        }
  return y;
}

Tensor laplacian_planes(const std::vector<double> &parameters, int planes, int height, int width) {
  Tensor sum(1, planes, height, width);
  std::size_t first = 0;
  for (const int factor : {1, 2, 4, 8}) {
    const Tensor level = part(parameters, first, planes, (height + factor - 1) / factor, (width + factor - 1) / factor);
    first += level.data.size();
    add(sum, 0, enlarged(level, height, width), 1);
  }
  return sum;
}

Tensor shared_planes(const std::vector<double> &coarse, int batch, int planes, int height, int width) {
  Tensor sum(batch, planes, height, width);
  std::size_t first = 0;
  for (const auto &[factor, slots] : {std::pair(2, 1), {4, 1}, {8, 1}, {8, 2}, {16, 1}, {16, 2}})
    for (int slot = 0; slot < slots; ++slot) {
      const Tensor level = part(coarse, first, planes, std::max(1, height / factor), std::max(1, width / factor));
      first += level.data.size();
      for (int n = 0; n < batch; ++n) {
        const double t = batch > 1 ? double(n) / (batch - 1) : 0;
        add(sum, n, enlarged(level, height, width), slots == 1 ? 1 : slot == 0 ? 1 - t : t);
      }
    }
  return sum;
}

Tensor maco_planes(const Tensor &phases, const std::vector<double> &magnitudes, int width) {
  Tensor standard = phases;
  standardize(standard);
  Tensor spectrum(phases.n, phases.c, phases.h, 2 * phases.w);
  for (std::size_t i = 0; i < standard.data.size(); ++i) {
    const double m = magnitudes.at(i % magnitudes.size());
    spectrum.data[2 * i] = m * std::cos(standard.data[i]);
    spectrum.data[2 * i + 1] = m * std::sin(standard.data[i]);
  }
  Tensor planes = irfft2(spectrum, width);
  standardize(planes);
  return planes;
}

Tensor cppn_planes(const std::vector<double> &parameters, int planes, int height, int width) {
  constexpr int hidden = 24, layers = 8;
  Tensor result(1, planes, height, width);
  const double longer = std::max(std::max(height, width) - 1, 1);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      std::vector<double> features{std::sqrt(3.0) * (2 * x - (width - 1)) / longer,
                                   std::sqrt(3.0) * (2 * y - (height - 1)) / longer};
      std::size_t at = 0;
      for (int l = 0; l <= layers; ++l) {
        const int outputs = l == layers ? planes : hidden, row = l == layers ? (planes + 3) / 4 * 4 : hidden;
        std::vector<double> next;
        for (int o = 0; o < outputs; ++o) {
          double sum = parameters.at(at + std::size_t(o));
          for (std::size_t f = 0; f < features.size(); ++f)
            sum += features[f] * parameters.at(at + (f + 1) * std::size_t(row) + std::size_t(o));
          next.push_back(sum);
        }
        at += (features.size() + 1) * std::size_t(row);
        features.clear();
        for (const double v : next)
          if (l == layers)
            features.push_back(v);
          else {
            features.push_back(std::atan(v) / 0.67);
            features.push_back(std::atan(v) * std::atan(v) / 0.6);
          }
      }
      for (int c = 0; c < planes; ++c)
        result.at(0, c, y, x) = features[std::size_t(c)];
    }
  return result;
}

} // namespace convscope::reference
