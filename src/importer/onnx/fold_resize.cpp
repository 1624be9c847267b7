// Resize of constants, along one dimension after the other.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "importer/onnx/folds.h"
#include "importer/onnx/space.h"

namespace convscope::onnx_import {

namespace {

struct Tap {
  std::int64_t from;
  double weight;
};

// Of one dimension: `in` elements become `out`, which would be in * scale.
struct Resampling {
  std::int64_t in, out;
  double scale;
};

double coordinate(const Resize &op, const Resampling &along, std::int64_t i) {
  const auto place = static_cast<double>(i), in = static_cast<double>(along.in), out = static_cast<double>(along.out);
  const double by_pixels = (place + 0.5) / along.scale - 0.5;
  switch (op.coordinates) {
  case ResizeCoordinates::half_pixel_symmetric:
    return in / 2 * (1 - out / (along.scale * in)) + by_pixels;
  case ResizeCoordinates::pytorch_half_pixel:
    return along.out > 1 ? by_pixels : 0;
  case ResizeCoordinates::align_corners:
    return along.out > 1 ? place * (in - 1) / (out - 1) : 0;
  case ResizeCoordinates::asymmetric:
    return place / along.scale;
  default:
    return by_pixels;
  }
}

double nearest(NearestRounding rounding, double x) {
  switch (rounding) {
  case NearestRounding::prefer_floor:
    return std::ceil(x - 0.5);
  case NearestRounding::prefer_ceil:
    return std::floor(x + 0.5);
  case NearestRounding::floor:
    return std::floor(x);
  default:
    return std::ceil(x);
  }
}

double cubic(double distance, double a) {
  const double d = std::abs(distance);
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

std::vector<Tap> taps_of(const Resize &op, const Resampling &along, std::int64_t i) {
  const auto last = static_cast<double>(along.in - 1);
  const auto inside = [&](double x) { return static_cast<std::int64_t>(std::clamp(x, 0.0, last)); };
  const double x = coordinate(op, along, i);
  if (op.mode == ResizeMode::nearest)
    return {{inside(nearest(op.rounding, x)), 1}};
  if (op.mode == ResizeMode::linear) {
    const double clamped = std::clamp(x, 0.0, last), low = std::floor(clamped);
    return {{inside(low), 1 - (clamped - low)}, {inside(low + 1), clamped - low}};
  }
  std::vector<Tap> taps;
  double sum = 0;
  for (double at = std::floor(x) - 1; at <= std::floor(x) + 2; ++at) {
    const bool counts = !op.exclude_outside || (at >= 0 && at <= last);
    taps.push_back({inside(at), counts ? cubic(x - at, op.cubic_a) : 0});
    sum += taps.back().weight;
  }
  if (op.exclude_outside && sum != 0)
    for (Tap &tap : taps)
      tap.weight /= sum;
  return taps;
}

Numbers resampled(Step &step, const Numbers &x, int dimension, const Resize &op, const Resampling &along) {
  Numbers y{x.dims, {}};
  y.dims[static_cast<std::size_t>(dimension)] = along.out;
  const std::int64_t count = checked_count(step, y.dims);
  step.translation().spend_work(4 * count);
  y.values.resize(static_cast<std::size_t>(count));
  const Lines from = lines_along(x.dims, dimension), to = lines_along(y.dims, dimension);
  for (std::int64_t i = 0; i < along.out; ++i)
    for (const Tap &tap : taps_of(op, along, i))
      for (std::int64_t line = 0; line < to.count(); ++line)
        y.values[static_cast<std::size_t>(to.start(line) + i * to.inner)] +=
            tap.weight * x.values[static_cast<std::size_t>(from.start(line) + tap.from * from.inner)];
  return y;
}

} // namespace

void fold_resize(Step &step) {
  Numbers x = numbers(step, 0, "values");
  if (x.values.empty())
    step.unsupported("resizes a value of " + dims_text(x.dims));
  const std::vector<Target> targets = targets_of(step, x.dims);
  Resize op;
  op.mode = resize_mode(step);
  set_coordinates(step, op);
  op.cubic_a = static_cast<float>(step.attributes().real("cubic_coeff_a", -0.75));
  op.exclude_outside = step.attributes().integer("exclude_outside", 0) != 0;
  const bool antialiased = step.attributes().integer("antialias", 0) != 0 && op.mode != ResizeMode::nearest;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto in = static_cast<double>(x.dims[i]);
    Resampling along{x.dims[i], targets[i].size, static_cast<double>(targets[i].size) / in};
    if (targets[i].size == 0)
      along = {x.dims[i], static_cast<std::int64_t>(std::floor(in * targets[i].scale)), targets[i].scale};
    if (along.out < 1)
      step.misfit(fmt::format("makes nothing of {} elements", along.in));
    if (along.out == along.in && along.scale == 1)
      continue;
    if (antialiased && along.out < along.in)
      step.unsupported("is antialiased");
    x = resampled(step, x, static_cast<int>(i), op, along);
  }
  put_numbers(step, step.constant(0, "").type, x);
}

} // namespace convscope::onnx_import
