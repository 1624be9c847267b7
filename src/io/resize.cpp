#include "io/resize.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace convscope {

namespace {

struct Planes {
  std::size_t count;
  int height, width;
};

// (C,H,W), or (1,C,H,W).
Planes planes_of(const Array &image) {
  const std::size_t rank = image.shape.size();
  if ((rank != 3 && !(rank == 4 && image.shape[0] == 1)) ||
      static_cast<std::size_t>(image.elements()) != image.data.size() || image.data.empty())
    throw std::invalid_argument("an image needs the shape (C,H,W)");
  return {static_cast<std::size_t>(image.shape[rank - 3]), static_cast<int>(image.shape[rank - 2]),
          static_cast<int>(image.shape[rank - 1])};
}

// One output sample is a weighted sum of the inputs from `first` on.
struct Tap {
  int first;
  std::vector<double> weights;
};

std::vector<Tap> triangle_taps(int from, int to) {
  const double step = static_cast<double>(from) / to; // input samples an output sample
  const double radius = std::max(step, 1.0);
  std::vector<Tap> taps(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * step;
    // Inputs sit at j + 0.5; only those strictly within the radius have a weight.
    const int first = std::max(0, static_cast<int>(std::floor(centre - radius)));
    const int last = std::min(from - 1, static_cast<int>(std::ceil(centre + radius)));
    Tap &tap = taps[static_cast<std::size_t>(i)];
    tap.first = first;
    double sum = 0;
    for (int j = first; j <= last; ++j) {
      tap.weights.push_back(std::max(0.0, 1 - std::abs(j + 0.5 - centre) / radius));
      sum += tap.weights.back();
    }
    for (double &weight : tap.weights)
      weight /= sum;
  }
  return taps;
}

// `row(c, y)`: the samples of a row, valid until the next is asked for. Gives (C,H,W).
template <typename Row> Array resample(const Planes &planes, int width, int height, const Row &row_of) {
  const std::vector<Tap> across = triangle_taps(planes.width, width);
  const std::vector<Tap> down = triangle_taps(planes.height, height);
  const auto in_h = static_cast<std::size_t>(planes.height);
  const auto out_w = static_cast<std::size_t>(width), out_h = static_cast<std::size_t>(height);

  Array out{{static_cast<std::int64_t>(planes.count), height, width}, {}};
  out.data.resize(planes.count * out_h * out_w);
  std::vector<double> narrowed(in_h * out_w), row(out_w);
  for (std::size_t c = 0; c < planes.count; ++c) {
    for (std::size_t y = 0; y < in_h; ++y) {
      const float *const samples = row_of(c, static_cast<int>(y));
      for (std::size_t x = 0; x < out_w; ++x) {
        const Tap &tap = across[x];
        const float *from = samples + static_cast<std::size_t>(tap.first);
        double sum = 0;
        for (std::size_t k = 0; k < tap.weights.size(); ++k)
          sum += tap.weights[k] * from[k];
        narrowed[y * out_w + x] = sum;
      }
    }
    for (std::size_t y = 0; y < out_h; ++y) {
      std::fill(row.begin(), row.end(), 0.0);
      for (std::size_t k = 0; k < down[y].weights.size(); ++k) {
        const double weight = down[y].weights[k];
        const double *from = narrowed.data() + (static_cast<std::size_t>(down[y].first) + k) * out_w;
        for (std::size_t x = 0; x < out_w; ++x)
          row[x] += weight * from[x];
      }
      std::transform(row.begin(), row.end(), out.data.begin() + static_cast<std::ptrdiff_t>((c * out_h + y) * out_w),
                     [](double value) { return static_cast<float>(value); });
    }
  }
  return out;
}

} // namespace

Array to_float(const ImageRgb8 &image) {
  Array out;
  out.shape = {3, image.height, image.width};
  out.data.resize(image.pixels.size());
  const std::size_t plane = image.pixels.size() / 3;
  for (std::size_t i = 0; i < plane; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      out.data[c * plane + i] = static_cast<float>(image.pixels[i * 3 + c]) / 255.0f;
  return out;
}

ImageRgb8 to_rgb8(const Array &image) {
  const Planes planes = planes_of(image);
  if (planes.count != 3)
    throw std::invalid_argument("an RGB image needs three channels");
  ImageRgb8 out(planes.width, planes.height);
  const std::size_t plane = out.pixels.size() / 3;
  for (std::size_t i = 0; i < plane; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const float value = image.data[c * plane + i];
      const float clamped = value > 0 ? std::min(value, 1.0f) : 0.0f; // NaN too becomes 0
      out.pixels[i * 3 + c] = static_cast<std::uint8_t>(std::lround(clamped * 255.0f));
    }
  return out;
}

Array resize(const Array &image, int width, int height) {
  const Planes planes = planes_of(image);
  if (width < 1 || height < 1)
    throw std::invalid_argument("an image needs at least one pixel");
  if (width == planes.width && height == planes.height)
    return image;
  Array out = resample(planes, width, height, [&](std::size_t c, int y) {
    return image.data.data() + (c * static_cast<std::size_t>(planes.height) + static_cast<std::size_t>(y)) *
                                   static_cast<std::size_t>(planes.width);
  });
  if (image.shape.size() == 4)
    out.shape.insert(out.shape.begin(), 1);
  return out;
}

Array resize(const ImageRgb8 &image, const Part &part, int width, int height) {
  if (width < 1 || height < 1 || part.left < 0 || part.top < 0 || part.width < 1 || part.height < 1 ||
      part.left + part.width > image.width || part.top + part.height > image.height)
    throw std::invalid_argument("a part of an image lies within it");
  std::array<float, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i)
    values.at(i) = static_cast<float>(i) / 255.0f;
  std::vector<float> row(static_cast<std::size_t>(part.width));
  const auto row_of = [&](std::size_t c, int y) {
    const std::uint8_t *from = image.at(part.left, part.top + y) + c;
    for (std::size_t x = 0; x < row.size(); ++x)
      row[x] = values[from[x * 3]];
    return row.data();
  };
  const Planes planes{3, part.height, part.width};
  if (part.width != width || part.height != height)
    return resample(planes, width, height, row_of);
  Array out{{3, height, width}, {}};
  out.data.reserve(static_cast<std::size_t>(out.elements()));
  for (std::size_t c = 0; c < 3; ++c)
    for (int y = 0; y < height; ++y)
      out.data.insert(out.data.end(), row_of(c, y), row.data() + row.size());
  return out;
}

ImageRgb8 resize(const ImageRgb8 &image, int width, int height) {
  if (image.width == width && image.height == height)
    return image;
  return to_rgb8(resize(image, {0, 0, image.width, image.height}, width, height));
}

Array fit_shorter_side(const Array &image, int n) {
  const Planes planes = planes_of(image);
  const double scale = static_cast<double>(n) / std::min(planes.width, planes.height);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * scale))); };
  return resize(image, scaled(planes.width), scaled(planes.height));
}

ImageRgb8 cut(const ImageRgb8 &image, const Part &part) {
  ImageRgb8 out(part.width, part.height);
  for (int y = 0; y < part.height; ++y)
    std::copy_n(image.at(part.left, part.top + y), static_cast<std::size_t>(part.width) * 3, out.at(0, y));
  return out;
}

Part centered_part(int width, int height, int across, int down) {
  const double scale = std::min(double(width) / across, double(height) / down);
  const auto length = [&](int part, int whole) {
    return std::clamp(static_cast<int>(std::lround(part * scale)), 1, whole);
  };
  const int part_width = length(across, width), part_height = length(down, height);
  return {(width - part_width) / 2, (height - part_height) / 2, part_width, part_height};
}

Array center_crop(const Array &image, int width, int height) {
  const Planes planes = planes_of(image);
  const auto [left, top, across, down] = centered_part(planes.width, planes.height, width, height);
  Array out;
  out.shape = image.shape;
  out.shape[out.shape.size() - 2] = down;
  out.shape[out.shape.size() - 1] = across;
  out.data.reserve(planes.count * static_cast<std::size_t>(down) * static_cast<std::size_t>(across));
  for (std::size_t c = 0; c < planes.count; ++c)
    for (int y = 0; y < down; ++y) {
      const std::size_t row = c * static_cast<std::size_t>(planes.height) + static_cast<std::size_t>(top + y);
      const float *from = image.data.data() + row * static_cast<std::size_t>(planes.width) + left;
      out.data.insert(out.data.end(), from, from + across);
    }
  return out;
}

} // namespace convscope
