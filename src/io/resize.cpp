#include "io/resize.h"

#include "base/error.h"

#include <algorithm>
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
  const std::vector<Tap> across = triangle_taps(planes.width, width);
  const std::vector<Tap> down = triangle_taps(planes.height, height);
  const auto in_w = static_cast<std::size_t>(planes.width), in_h = static_cast<std::size_t>(planes.height);
  const auto out_w = static_cast<std::size_t>(width), out_h = static_cast<std::size_t>(height);

  Array out;
  out.shape = image.shape;
  out.shape[out.shape.size() - 2] = height;
  out.shape[out.shape.size() - 1] = width;
  out.data.resize(planes.count * out_h * out_w);
  std::vector<double> narrowed(in_h * out_w), row(out_w);
  for (std::size_t c = 0; c < planes.count; ++c) {
    const float *in = image.data.data() + c * in_h * in_w;
    for (std::size_t y = 0; y < in_h; ++y)
      for (std::size_t x = 0; x < out_w; ++x) {
        const Tap &tap = across[x];
        const float *from = in + y * in_w + static_cast<std::size_t>(tap.first);
        double sum = 0;
        for (std::size_t k = 0; k < tap.weights.size(); ++k)
          sum += tap.weights[k] * from[k];
        narrowed[y * out_w + x] = sum;
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

ImageRgb8 resize(const ImageRgb8 &image, int width, int height) {
  if (image.width == width && image.height == height)
    return image;
  return to_rgb8(resize(to_float(image), width, height));
}

Array fit_shorter_side(const Array &image, int n) {
  const Planes planes = planes_of(image);
  const double scale = static_cast<double>(n) / std::min(planes.width, planes.height);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * scale))); };
  return resize(image, scaled(planes.width), scaled(planes.height));
}

Array center_crop(const Array &image, int width, int height) {
  const Planes planes = planes_of(image);
  const double scale = std::min(double(planes.width) / width, double(planes.height) / height);
  const auto length = [&](int part, int whole) {
    return std::clamp(static_cast<int>(std::lround(part * scale)), 1, whole);
  };
  const int across = length(width, planes.width), down = length(height, planes.height);
  const int left = (planes.width - across) / 2, top = (planes.height - down) / 2;
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
