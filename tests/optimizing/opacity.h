// Images with an opacity, in double: the noise behind them as shaders/backdrop.comp draws it, and what the net sees.
#pragma once

#include <cmath>
#include <vector>

#include "optimizing/expected.h"
#include "reference/parameterization.h"
#include "visualization/parameterization.h"

namespace convscope {

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

inline reference::Tensor backdrop(const std::vector<std::array<std::uint32_t, 2>> &keys, const Shape &image, int step,
                                  bool decorrelated) {
  reference::Tensor sums(int(keys.size()), image.c, image.h, image.w);
  for (int n = 0; n < sums.n; ++n)
    for (int c = 0; c < image.c; ++c)
      for (int octave = 0; octave < gpu::BACKDROP_OCTAVES; ++octave) {
        const auto lattice = [&](int x, int y) {
          const auto words = reference::philox({std::uint32_t(x | y << 16), gpu::PURPOSE_BACKDROP,
                                                std::uint32_t(octave << 16 | c / 4 * 4), std::uint32_t(step)},
                                               keys[std::size_t(n)]);
          const auto [first, second] = normal_pair(words[c % 4 / 2 * 2], words[c % 4 / 2 * 2 + 1]);
          return c % 2 == 0 ? first : second;
        };
        const int cell = 1 << octave;
        for (int y = 0; y < image.h; ++y)
          for (int x = 0; x < image.w; ++x) {
            const double fx = double(x % cell) / cell, fy = double(y % cell) / cell;
            const int left = x / cell, top = y / cell;
            sums.at(n, c, y, x) += (1 - fy) * ((1 - fx) * lattice(left, top) + fx * lattice(left + 1, top)) +
                                   fy * ((1 - fx) * lattice(left, top + 1) + fx * lattice(left + 1, top + 1));
          }
      }
  if (decorrelated)
    sums = reference::colour(sums);
  for (double &v : sums.data)
    v = sigmoid(v);
  return sums;
}

// Of planes (n, c + 1, h, w), the last an opacity's.
inline reference::Tensor painted_with_opacity(const reference::Tensor &planes, const Recipe &recipe) {
  const int colours = planes.c - 1;
  reference::Tensor some(planes.n, colours, planes.h, planes.w), image = planes;
  for (int n = 0; n < planes.n; ++n)
    for (int c = 0; c < colours; ++c)
      for (int i = 0; i < planes.h * planes.w; ++i)
        some.at(n, c, i / planes.w, i % planes.w) = planes.at(n, c, i / planes.w, i % planes.w);
  if (decorrelates(recipe, colours))
    some = reference::colour(some);
  for (int n = 0; n < planes.n; ++n)
    for (int c = 0; c < planes.c; ++c)
      for (int y = 0; y < planes.h; ++y)
        for (int x = 0; x < planes.w; ++x)
          image.at(n, c, y, x) = c < colours ? sigmoid(image_gain(recipe, colours) * some.at(n, c, y, x))
                                             : sigmoid(double(opacity_gain(recipe)) * planes.at(n, c, y, x));
  return image;
}

inline reference::Tensor seen(const reference::Tensor &image, const reference::Tensor &behind) {
  reference::Tensor result = behind;
  for (int n = 0; n < behind.n; ++n)
    for (int c = 0; c < behind.c; ++c)
      for (int y = 0; y < behind.h; ++y)
        for (int x = 0; x < behind.w; ++x)
          result.at(n, c, y, x) += image.at(n, behind.c, y, x) * (image.at(n, c, y, x) - behind.at(n, c, y, x));
  return result;
}

// One less the mean opacity, of each image.
inline std::vector<double> clear_shares(const reference::Tensor &image) {
  std::vector<double> shares;
  for (int n = 0; n < image.n; ++n) {
    double sum = 0;
    for (int y = 0; y < image.h; ++y)
      for (int x = 0; x < image.w; ++x)
        sum += image.at(n, image.c - 1, y, x);
    shares.push_back(1 - sum / (image.h * image.w));
  }
  return shares;
}

} // namespace convscope
