#include "visualization/parameterizations/natural_spectrum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "visualization/parameterizations/half_spectrum.h"
#include "visualization/parameters_of.h"

namespace convscope {

namespace {

// Geometric means over all directions, at half octaves of cycles a pixel from 1/512 on: what one measures on the mean
// |rfft2| of ImageNet's pictures in decorrelated colours (Fel et al. 2023).
constexpr int knots = 18;
constexpr double first_knot = 1.0 / 512;
constexpr std::array<std::array<double, knots>, 3> radial{
    {{100500, 49080, 36450, 24080, 16470, 10710, 7025, 4467, 2910, 1806, 1094, 650.5, 374.8, 204.2, 96.3, 31.1, 2.83,
      .0742},
     {104000, 62530, 39730, 23870, 17020, 11110, 6941, 4344, 2826, 1741, 1065, 619.1, 346.1, 178.3, 76.3, 20.9, 1.54,
      .0321},
     {78280, 46320, 30610, 20860, 13680, 8886, 5655, 3693, 2412, 1518, 933.5, 563.2, 330.2, 180.0, 81.6, 23.9, 1.88,
      .0423}}};
// The mean itself, over the lowest frequency's.
constexpr std::array<double, 3> constant{2.538, 2.591, 2.910};
// Logarithms of what is along x, both, and along y, over the mean of all directions: edges of photos are level or
// upright.
constexpr std::array<double, 3> directions{0.105, -0.35, 0.595};

double magnitude(std::size_t channel, double fy, double fx) {
  const auto &values = radial.at(channel);
  const double at = std::clamp(2 * std::log2(std::hypot(fy, fx) / first_knot), 0.0, knots - 1.0);
  const auto low = std::min(static_cast<std::size_t>(at), std::size_t{knots - 2});
  const double part = at - static_cast<double>(low);
  const double angle = std::atan2(fy, fx) / (std::atan(1.0)); // 0 along x, 1 both, 2 along y
  const double bend = angle < 1 ? directions[0] + (directions[1] - directions[0]) * angle
                                : directions[1] + (directions[2] - directions[1]) * (angle - 1);
  return std::exp((1 - part) * std::log(values.at(low)) + part * std::log(values.at(low + 1)) + bend);
}

// Of one axis: where bin i of n lies among those of another length, as a fraction of Nyquist.
double bin_among(int i, int n, int others) { return others < 2 || n < 2 ? 0 : double(i) * (others - 1) / (n - 1); }

} // namespace

std::vector<float> natural_spectrum(int planes, int height, int width) {
  std::vector<float> spectrum;
  const double lowest = 1.0 / std::max(height, width);
  for (int c = 0; c < planes; ++c) {
    const std::size_t channel = planes == 3 ? static_cast<std::size_t>(c) : 0;
    for (int j = 0; j < height; ++j)
      for (int k = 0; k <= width / 2; ++k)
        spectrum.push_back(static_cast<float>(
            j == 0 && k == 0 ? constant.at(channel) * magnitude(channel, 0, lowest) / std::exp(directions[0])
                             : magnitude(channel, double(std::min(j, height - j)) / height, double(k) / width)));
  }
  return spectrum;
}

void check_spectrum(const Array &spectrum, int planes, const std::string &name) {
  const auto &s = spectrum.shape;
  if (s.size() != 3 || s[0] != planes || s[1] < 2 || s[2] < 2)
    throw UserError(
        fmt::format("{}: its shape is ({}), where a spectrum has ({}, H, W/2+1)", name, fmt::join(s, ", "), planes));
  const auto bad = [](float v) { return !std::isfinite(v) || v < 0; };
  if (const auto found = std::find_if(spectrum.data.begin(), spectrum.data.end(), bad); found != spectrum.data.end())
    throw UserError(fmt::format("{}: holds {}, where magnitudes are wanted", name, *found));
  if (std::all_of(spectrum.data.begin(), spectrum.data.end(), [](float v) { return v == 0; }))
    throw UserError(fmt::format("{}: holds nothing but zeros", name));
}

std::vector<float> resized_spectrum(const Array &spectrum, int planes, int height, int width) {
  const int rows = static_cast<int>(spectrum.shape.at(1)), columns = static_cast<int>(spectrum.shape.at(2));
  std::vector<float> result;
  for (int c = 0; c < planes; ++c)
    for (int j = 0; j < height; ++j)
      for (int k = 0; k <= width / 2; ++k) {
        // Rows count up to Nyquist and back to the first: both halves alike.
        const bool negative = 2 * j > height;
        const double y = bin_among(negative ? height - j : j, height / 2 + 1, rows / 2 + 1);
        const double x = bin_among(k, width / 2 + 1, columns);
        const auto at = [&](int row, int column) {
          const int from = negative && row > 0 ? rows - row : row;
          return double(spectrum.data[(std::size_t(c) * std::size_t(rows) + std::size_t(from)) * std::size_t(columns) +
                                      std::size_t(column)]);
        };
        const int y0 = static_cast<int>(y), x0 = static_cast<int>(x);
        const int y1 = std::min(y0 + 1, rows / 2), x1 = std::min(x0 + 1, columns - 1);
        const double fy = y - y0, fx = x - x0;
        result.push_back(static_cast<float>((1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x1)) +
                                            fy * ((1 - fx) * at(y1, x0) + fx * at(y1, x1))));
      }
  return result;
}

SpectrumMean::SpectrumMean(int planes, int height, int width, bool decorrelated)
    : planes_(planes), height_(height), width_(width), decorrelated_(decorrelated),
      sums_(std::size_t(planes) * std::size_t(height) * std::size_t(width / 2 + 1)) {}

void SpectrumMean::add(const Array &picture) {
  std::vector<double> planes(picture.data.begin(), picture.data.end());
  const std::size_t pixels = std::size_t(height_) * std::size_t(width_);
  if (decorrelated_)
    decorrelate(planes, pixels);
  std::size_t at = 0;
  for (int c = 0; c < planes_; ++c)
    for (const std::complex<double> &number : half_spectrum(&planes[std::size_t(c) * pixels], height_, width_))
      sums_[at++] += std::abs(number);
  ++pictures_;
}

Array SpectrumMean::mean() const {
  Array result{{planes_, height_, width_ / 2 + 1}, {}};
  for (const double sum : sums_)
    result.data.push_back(static_cast<float>(sum / std::max(pictures_, 1)));
  return result;
}

} // namespace convscope
