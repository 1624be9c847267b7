#include "reference/moves.h"

#include <array>
#include <cmath>
#include <functional>

namespace convscope::reference {

namespace {

using Position = std::array<int, 3>; // c, h, w
using Visit = std::function<void(const Position &, double)>;

int &side(Tensor &t, Axis axis) { return axis == Axis::c ? t.c : axis == Axis::h ? t.h : t.w; }
std::size_t number(Axis axis) { return std::size_t(axis); }

// How many numbers Python's range(begin, end, step) gives after clamping as a slice does.
std::vector<int> python_slice(const Slice &op, int length) {
  if (op.middle > 0) {
    std::vector<int> middle;
    for (int i = 0; i < op.middle; ++i)
      middle.push_back((length - op.middle) / 2 + i);
    return middle;
  }
  std::vector<int> indices;
  long long begin = op.begin < 0 ? op.begin + length : op.begin;
  long long end = op.end < 0 ? (long long)op.end + length : op.end;
  if (op.step > 0)
    for (long long i = begin < 0 ? 0 : begin; i < end && i < length; i += op.step)
      indices.push_back(int(i));
  else
    for (long long i = begin >= length ? length - 1 : begin; i > end && i >= 0; i += op.step)
      indices.push_back(int(i));
  return indices;
}

// Where a padded position lies in the input, or -1.
int padded_index(PadMode mode, int i, int length) {
  if (mode == PadMode::edge)
    return i < 0 ? 0 : i >= length ? length - 1 : i;
  while (mode == PadMode::reflect && (i < 0 || i >= length))
    i = i < 0 ? -i : 2 * length - 2 - i;
  if (mode == PadMode::wrap)
    return ((i % length) + length) % length;
  return i < 0 || i >= length ? -1 : i;
}

struct AxisTap {
  int index;
  double weight;
};

// ONNX's Resize along one axis: out / in is the scale where out is given, else scale.
std::vector<AxisTap> resize_taps(const Resize &op, int o, int in, int out, int wanted, double scale) {
  auto unscaled = [&](double at) { return wanted > 0 ? at * in / out : at / scale; };
  double at = 0;
  if (op.coordinates == ResizeCoordinates::half_pixel)
    at = unscaled(o + 0.5) - 0.5;
  if (op.coordinates == ResizeCoordinates::half_pixel_symmetric)
    at = (in - unscaled(out)) / 2 + unscaled(o + 0.5) - 0.5;
  if (op.coordinates == ResizeCoordinates::pytorch_half_pixel)
    at = out == 1 ? 0 : unscaled(o + 0.5) - 0.5;
  if (op.coordinates == ResizeCoordinates::align_corners)
    at = out == 1 ? 0 : double(o) * (in - 1) / (out - 1);
  if (op.coordinates == ResizeCoordinates::asymmetric)
    at = unscaled(o);

  std::vector<AxisTap> taps;
  double low = std::floor(at), f = at - low;
  if (op.mode == ResizeMode::nearest) {
    bool up = f > 0.5;
    if (op.rounding == NearestRounding::prefer_ceil)
      up = f >= 0.5;
    if (op.rounding == NearestRounding::floor)
      up = false;
    if (op.rounding == NearestRounding::ceil)
      up = f > 0;
    taps = {{int(low) + up, 1}};
  } else if (op.mode == ResizeMode::linear) {
    taps = {{int(low), 1 - f}, {int(low) + 1, f}};
  } else {
    double a = op.cubic_a, g = 1 - f;
    auto near = [&](double d) { return (a + 2) * d * d * d - (a + 3) * d * d + 1; };
    auto far = [&](double d) { return a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a; };
    taps = {{int(low) - 1, far(1 + f)}, {int(low), near(f)}, {int(low) + 1, near(g)}, {int(low) + 2, far(1 + g)}};
    double inside = 0;
    for (AxisTap &tap : taps) {
      if (op.exclude_outside && (tap.index < 0 || tap.index >= in))
        tap.weight = 0;
      inside += tap.weight;
    }
    for (AxisTap &tap : taps)
      tap.weight /= op.exclude_outside ? inside : 1;
  }
  for (AxisTap &tap : taps)
    tap.index = tap.index < 0 ? 0 : tap.index >= in ? in - 1 : tap.index;
  return taps;
}

// Calls visit(input position, weight) for every term of the output at a position; out() is the shape of the output.
struct Terms {
  const Tensor &x;

  Tensor out(const Slice &op) const {
    Tensor y(x.n, x.c, x.h, x.w);
    side(y, op.axis) = int(python_slice(op, side(y, op.axis)).size());
    return Tensor(y.n, y.c, y.h, y.w);
  }
  void operator()(const Slice &op, Position at, const Visit &visit) const {
    Tensor shape(x.n, x.c, x.h, x.w);
    at[number(op.axis)] = python_slice(op, side(shape, op.axis))[at[number(op.axis)]];
    visit(at, 1);
  }

  Tensor out(const Transpose &op) const {
    std::array<int, 3> sides{x.c, x.h, x.w};
    return {x.n, sides[number(op.order[0])], sides[number(op.order[1])], sides[number(op.order[2])]};
  }
  void operator()(const Transpose &op, const Position &at, const Visit &visit) const {
    Position from{};
    for (std::size_t axis = 0; axis < 3; ++axis)
      from[number(op.order[axis])] = at[axis];
    visit(from, 1);
  }

  Tensor out(const ChannelShuffle &) const { return {x.n, x.c, x.h, x.w}; }
  void operator()(const ChannelShuffle &op, const Position &at, const Visit &visit) const {
    visit({at[0] % op.groups * (x.c / op.groups) + at[0] / op.groups, at[1], at[2]}, 1);
  }

  Tensor out(const DepthToSpace &op) const {
    return {x.n, x.c / (op.block * op.block), x.h * op.block, x.w * op.block};
  }
  void operator()(const DepthToSpace &op, const Position &at, const Visit &visit) const {
    int dy = at[1] % op.block, dx = at[2] % op.block, squared = op.block * op.block;
    int c = op.depth_first ? (dy * op.block + dx) * (x.c / squared) + at[0] : (at[0] * op.block + dy) * op.block + dx;
    visit({c, at[1] / op.block, at[2] / op.block}, 1);
  }

  Tensor out(const SpaceToDepth &op) const { return {x.n, x.c * op.block * op.block, x.h / op.block, x.w / op.block}; }
  void operator()(const SpaceToDepth &op, const Position &at, const Visit &visit) const {
    int tap = at[0] / x.c;
    visit({at[0] % x.c, at[1] * op.block + tap / op.block, at[2] * op.block + tap % op.block}, 1);
  }

  Tensor out(const Pad &op) const {
    return {x.n, op.channels_before + x.c + op.channels_after, op.pad.top + x.h + op.pad.bottom,
            op.pad.left + x.w + op.pad.right};
  }
  void operator()(const Pad &op, const Position &at, const Visit &visit) const {
    Position from{padded_index(op.mode, at[0] - op.channels_before, x.c),
                  padded_index(op.mode, at[1] - op.pad.top, x.h), padded_index(op.mode, at[2] - op.pad.left, x.w)};
    if (from[0] >= 0 && from[1] >= 0 && from[2] >= 0)
      visit(from, 1);
  }

  Tensor out(const Resize &op) const {
    return {x.n, x.c, op.out_h > 0 ? op.out_h : int(x.h * op.scale_h), op.out_w > 0 ? op.out_w : int(x.w * op.scale_w)};
  }
  void operator()(const Resize &op, const Position &at, const Visit &visit) const {
    Tensor y = out(op);
    for (AxisTap row : resize_taps(op, at[1], x.h, y.h, op.out_h, op.scale_h))
      for (AxisTap column : resize_taps(op, at[2], x.w, y.w, op.out_w, op.scale_w))
        visit({at[0], row.index, column.index}, row.weight * column.weight);
  }
};

// Calls visit(n, output position, input position, weight) for every term of every output.
template <typename Visitor> void for_each_term(const Tensor &x, const Move &op, const Tensor &y, Visitor visit) {
  for (int n = 0; n < y.n; ++n)
    for (int c = 0; c < y.c; ++c)
      for (int h = 0; h < y.h; ++h)
        for (int w = 0; w < y.w; ++w) {
          Position at{c, h, w};
          auto term = [&](const Position &from, double weight) { visit(n, at, from, weight); };
          std::visit([&](const auto &one) { Terms{x}(one, at, term); }, op);
        }
}

Slice part_of(Axis axis, int begin, int length) {
  Slice slice;
  slice.axis = axis;
  slice.begin = begin;
  slice.end = begin + length;
  return slice;
}

} // namespace

Tensor move(const Tensor &x, const Move &op) {
  Tensor y = std::visit([&](const auto &one) { return Terms{x}.out(one); }, op);
  std::vector<bool> written(y.data.size());
  for_each_term(x, op, y, [&](int n, const Position &to, const Position &from, double weight) {
    y.at(n, to[0], to[1], to[2]) += weight * x.at(n, from[0], from[1], from[2]);
    written[y.index(n, to[0], to[1], to[2])] = true;
  });
  if (const auto *pad = std::get_if<Pad>(&op))
    for (std::size_t i = 0; i < y.data.size(); ++i)
      if (!written[i])
        y.data[i] = pad->value;
  return y;
}

Tensor move_gradient(const Tensor &grad, const Move &op, const Tensor &x) {
  Tensor result(x.n, x.c, x.h, x.w);
  for_each_term(x, op, grad, [&](int n, const Position &to, const Position &from, double weight) {
    result.at(n, from[0], from[1], from[2]) += weight * grad.at(n, to[0], to[1], to[2]);
  });
  return result;
}

Tensor concat(const std::vector<const Tensor *> &parts, Axis axis) {
  Tensor y = *parts.at(0);
  side(y, axis) = 0;
  for (const Tensor *part : parts) {
    Tensor shape = *part;
    side(y, axis) += side(shape, axis);
  }
  y = Tensor(y.n, y.c, y.h, y.w);
  int begin = 0;
  for (const Tensor *part : parts) { // which lie where a slice would take them from
    Tensor shape = *part;
    for_each_term(y, part_of(axis, begin, side(shape, axis)), *part,
                  [&](int n, const Position &at, const Position &to, double) {
                    y.at(n, to[0], to[1], to[2]) = part->at(n, at[0], at[1], at[2]);
                  });
    begin += side(shape, axis);
  }
  return y;
}

std::vector<Tensor> concat_gradient(const Tensor &grad, const std::vector<const Tensor *> &parts, Axis axis) {
  std::vector<Tensor> result;
  int begin = 0;
  for (const Tensor *part : parts) {
    Tensor shape = *part;
    result.push_back(move(grad, part_of(axis, begin, side(shape, axis))));
    begin += side(shape, axis);
  }
  return result;
}

} // namespace convscope::reference
