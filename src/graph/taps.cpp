#include "graph/taps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/integers.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

AxisTaps identity(int length) {
  AxisTaps taps(size_of(length));
  for (int i = 0; i < length; ++i)
    taps[size_of(i)] = {{i, 1}};
  return taps;
}

AxisTaps sliced(const Slice &op, Axis axis, const Shape &in, const Shape &out) {
  AxisTaps taps = identity(out.side(axis));
  if (axis == op.axis)
    for (std::vector<Tap> &one : taps)
      one[0].index = slice_range(op, in.side(axis)).begin + one[0].index * op.step;
  return taps;
}

AxisTaps padded(PadMode mode, int before, int in, int out) {
  AxisTaps taps(size_of(out));
  for (int o = 0; o < out; ++o) {
    int i = o - before;
    const bool inside = i >= 0 && i < in;
    switch (mode) {
    case PadMode::constant:
      break;
    case PadMode::edge:
      i = std::clamp(i, 0, in - 1);
      break;
    case PadMode::reflect:
      i = i < 0 ? -i : i >= in ? 2 * (in - 1) - i : i;
      break;
    case PadMode::wrap:
      i = (i + in) % in;
      break;
    }
    if (inside || mode != PadMode::constant)
      taps[size_of(o)] = {{i, 1}};
  }
  return taps;
}

// Where output position o of an axis lies on the input's, in input positions, the first one's centre being 0.
double source_position(const Resize &op, int o, int in, int out, double scale, bool sized) {
  // in / out need not be a float64: o * in / out hits whole numbers where o * (in / out) would not.
  const auto scaled = [&](double position) { return sized ? position * in / out : position / scale; };
  switch (op.coordinates) {
  case ResizeCoordinates::half_pixel:
    return scaled(o + 0.5) - 0.5;
  case ResizeCoordinates::half_pixel_symmetric: // both ends lack the same where out is not quite in * scale
    return (in - scaled(out)) / 2 + scaled(o + 0.5) - 0.5;
  case ResizeCoordinates::pytorch_half_pixel:
    return out > 1 ? scaled(o + 0.5) - 0.5 : 0;
  case ResizeCoordinates::align_corners:
    return out > 1 ? static_cast<double>(o) * (in - 1) / (out - 1) : 0;
  case ResizeCoordinates::asymmetric:
    return scaled(o);
  }
  return 0;
}

double nearest(NearestRounding rounding, double position) {
  // Scales come from float32: a position that is half or whole but for that is taken for it.
  const double half = std::round(2 * position) / 2;
  if (std::abs(position - half) < 1e-6 * std::max(1.0, std::abs(position)))
    position = half;
  switch (rounding) {
  case NearestRounding::prefer_floor:
    return std::ceil(position - 0.5);
  case NearestRounding::prefer_ceil:
    return std::floor(position + 0.5);
  case NearestRounding::floor:
    return std::floor(position);
  case NearestRounding::ceil:
    return std::ceil(position);
  }
  return 0;
}

// Keys's kernel at a distance from its centre.
double cubic_weight(double a, double distance) {
  const double d = std::abs(distance);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

AxisTaps resized(const Resize &op, int in, int out, double scale, bool sized) {
  if (in == out && (sized || scale == 1)) // every mode and every coordinate leave it alone
    return identity(in);
  AxisTaps taps(size_of(out));
  for (int o = 0; o < out; ++o) {
    std::vector<Tap> &sum = taps[size_of(o)];
    const auto add = [&](double position, double weight) {
      const int index = static_cast<int>(std::clamp(position, 0.0, in - 1.0));
      if (!sum.empty() && sum.back().index == index)
        sum.back().weight += weight;
      else
        sum.push_back({index, weight});
    };
    const double position = source_position(op, o, in, out, scale, sized), low = std::floor(position);
    switch (op.mode) {
    case ResizeMode::nearest:
      add(nearest(op.rounding, position), 1);
      break;
    case ResizeMode::linear:
      add(low, low + 1 - position);
      add(low + 1, position - low);
      break;
    case ResizeMode::cubic:
      for (double tap = low - 1; tap <= low + 2; ++tap)
        if (!op.exclude_outside || (tap >= 0 && tap < in))
          add(tap, cubic_weight(op.cubic_a, tap - position));
      break;
    }
    if (op.mode == ResizeMode::cubic && op.exclude_outside) {
      double total = 0;
      for (const Tap &tap : sum)
        total += tap.weight;
      for (Tap &tap : sum)
        tap.weight /= total;
    }
    std::erase_if(sum, [](const Tap &tap) { return tap.weight == 0; });
  }
  return taps;
}

AxisTaps transposed(const AxisTaps &taps, int in) {
  AxisTaps result(size_of(in));
  for (std::size_t o = 0; o < taps.size(); ++o)
    for (const Tap &tap : taps[o])
      result[size_of(tap.index)].push_back({static_cast<int>(o), tap.weight});
  return result;
}

} // namespace

bool is_gather(const Op &op) {
  return std::holds_alternative<Slice>(op) || std::holds_alternative<Pad>(op) || std::holds_alternative<Resize>(op);
}

Taps taps_of(const Op &op, const Shape &in, const Shape &out) {
  if (const auto *slice = std::get_if<Slice>(&op))
    return {sliced(*slice, Axis::c, in, out), sliced(*slice, Axis::h, in, out), sliced(*slice, Axis::w, in, out)};
  if (const auto *pad = std::get_if<Pad>(&op))
    return {padded(pad->mode, pad->channels_before, in.c, out.c), padded(pad->mode, pad->pad.top, in.h, out.h),
            padded(pad->mode, pad->pad.left, in.w, out.w)};
  const auto &resize = std::get<Resize>(op);
  return {identity(in.c), resized(resize, in.h, out.h, resize.scale_h, resize.out_h > 0),
          resized(resize, in.w, out.w, resize.scale_w, resize.out_w > 0)};
}

Taps transposed(const Taps &taps, const Shape &in) {
  return {transposed(taps.c, in.c), transposed(taps.h, in.h), transposed(taps.w, in.w)};
}

} // namespace convscope
