#include "reference/reductions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace convscope::reference {

namespace {

// Indices of the elements that belong together, in row-major order; the groups too.
using Group = std::vector<std::size_t>;
std::vector<Group> groups_along(const Tensor &x, Axes axes, int channel_groups = 1) {
  std::map<std::tuple<int, int, int, int>, Group> found;
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int iy = 0; iy < x.h; ++iy)
        for (int ix = 0; ix < x.w; ++ix)
          found[{n, axes.c ? c / (x.c / channel_groups) : c, axes.h ? 0 : iy, axes.w ? 0 : ix}].push_back(
              x.index(n, c, iy, ix));
  std::vector<Group> result;
  for (auto &[place, group] : found)
    result.push_back(std::move(group));
  return result;
}

std::vector<Group> groups_of(const Tensor &x, const Normalize &op) {
  return groups_along(x, op.axes, op.axes.c ? op.groups : 1);
}

Axes only(Axis axis) { return {axis == Axis::c, axis == Axis::h, axis == Axis::w}; }

struct Moments {
  double mean, scale; // 1 / deviation
};
Moments moments(const Tensor &x, const Group &group, double epsilon) {
  double mean = 0, variance = 0;
  for (std::size_t i : group)
    mean += x.data[i] / group.size();
  for (std::size_t i : group)
    variance += (x.data[i] - mean) * (x.data[i] - mean) / group.size();
  return {mean, 1 / std::sqrt(variance + epsilon)};
}

double sum(const Tensor &x, const Group &group, double (*of)(double)) {
  double result = 0;
  for (std::size_t i : group)
    result += of(x.data[i]);
  return result;
}
double same(double x) { return x; }
double size(double x) { return std::abs(x); }
double square(double x) { return x * x; }

std::size_t extreme(const Tensor &x, const Group &group, bool largest) {
  const auto less = [&](std::size_t a, std::size_t b) {
    return largest ? x.data[a] < x.data[b] : x.data[a] > x.data[b];
  };
  return *std::max_element(group.begin(), group.end(), less); // the first of equals
}

double reduced(const Tensor &x, const Group &group, Reduction reduction) {
  switch (reduction) {
  case Reduction::mean:
    return sum(x, group, same) / group.size();
  case Reduction::sum:
    return sum(x, group, same);
  case Reduction::max:
  case Reduction::min:
    return x.data[extreme(x, group, reduction == Reduction::max)];
  case Reduction::l1:
    return sum(x, group, size);
  case Reduction::l2:
    return std::sqrt(sum(x, group, square));
  case Reduction::sum_square:
    return sum(x, group, square);
  }
  return 0;
}

// The derivative of reduced() by x[i].
double slope(const Tensor &x, const Group &group, Reduction reduction, std::size_t i) {
  const double v = x.data[i];
  switch (reduction) {
  case Reduction::mean:
    return 1.0 / group.size();
  case Reduction::sum:
    return 1;
  case Reduction::max:
  case Reduction::min:
    return extreme(x, group, reduction == Reduction::max) == i ? 1 : 0;
  case Reduction::l1:
    return v > 0 ? 1 : v < 0 ? -1 : 0;
  case Reduction::l2: {
    const double norm = std::sqrt(sum(x, group, square));
    return norm > 0 ? v / norm : 0;
  }
  case Reduction::sum_square:
    return 2 * v;
  }
  return 0;
}

// Channels from first to last around c, as ONNX counts them.
struct Channels {
  int first, last;
};
Channels around(const Lrn &op, int c, int channels) {
  return {std::max(0, c - (op.size - 1) / 2), std::min(channels - 1, c + op.size / 2)};
}

double lrn_sum(const Tensor &x, const Lrn &op, int n, int c, int iy, int ix) {
  const Channels near = around(op, c, x.c);
  double squares = 0;
  for (int i = near.first; i <= near.last; ++i)
    squares += x.at(n, i, iy, ix) * x.at(n, i, iy, ix);
  return op.bias + double(op.alpha) / op.size * squares;
}

} // namespace

Tensor reduce(const Tensor &x, const Reduce &op) {
  Tensor y(x.n, op.axes.c ? 1 : x.c, op.axes.h ? 1 : x.h, op.axes.w ? 1 : x.w);
  const std::vector<Group> groups = groups_along(x, op.axes);
  for (std::size_t i = 0; i < groups.size(); ++i)
    y.data.at(i) = reduced(x, groups[i], op.reduction);
  return y;
}

Tensor reduce_gradient(const Tensor &grad, const Tensor &x, const Reduce &op) {
  Tensor result(x.n, x.c, x.h, x.w);
  const std::vector<Group> groups = groups_along(x, op.axes);
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (std::size_t i : groups[g])
      result.data[i] = grad.data.at(g) * slope(x, groups[g], op.reduction, i);
  return result;
}

Tensor normalize(const Tensor &x, const Normalize &op) {
  Tensor y = x;
  for (const Group &group : groups_of(x, op)) {
    const Moments m = moments(x, group, op.epsilon);
    for (std::size_t i : group)
      y.data[i] = (x.data[i] - m.mean) * m.scale;
  }
  return y;
}

Tensor normalize_gradient(const Tensor &grad, const Tensor &x, const Normalize &op) {
  Tensor result = grad;
  for (const Group &group : groups_of(x, op)) {
    const Moments m = moments(x, group, op.epsilon);
    double mean = 0, along = 0; // of the gradient; and times the result
    for (std::size_t i : group) {
      mean += grad.data[i] / group.size();
      along += grad.data[i] * (x.data[i] - m.mean) * m.scale / group.size();
    }
    for (std::size_t i : group)
      result.data[i] = m.scale * (grad.data[i] - mean - (x.data[i] - m.mean) * m.scale * along);
  }
  return result;
}

Tensor softmax(const Tensor &x, const Softmax &op) {
  Tensor y = x;
  for (const Group &group : groups_along(x, only(op.axis))) {
    const double largest = x.data[extreme(x, group, true)];
    double sum = 0;
    for (std::size_t i : group)
      sum += std::exp(x.data[i] - largest);
    for (std::size_t i : group)
      y.data[i] = op.log ? x.data[i] - largest - std::log(sum) : std::exp(x.data[i] - largest) / sum;
  }
  return y;
}

Tensor softmax_gradient(const Tensor &grad, const Tensor &y, const Softmax &op) {
  Tensor result = grad;
  for (const Group &group : groups_along(y, only(op.axis))) {
    double sum = 0; // of the gradient; weighted by the probabilities, but for the logarithm
    for (std::size_t i : group)
      sum += op.log ? grad.data[i] : grad.data[i] * y.data[i];
    for (std::size_t i : group)
      result.data[i] = op.log ? grad.data[i] - std::exp(y.data[i]) * sum : y.data[i] * (grad.data[i] - sum);
  }
  return result;
}

Tensor lrn(const Tensor &x, const Lrn &op) {
  Tensor y = x;
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int iy = 0; iy < x.h; ++iy)
        for (int ix = 0; ix < x.w; ++ix)
          y.at(n, c, iy, ix) *= std::pow(lrn_sum(x, op, n, c, iy, ix), -double(op.beta));
  return y;
}

Tensor lrn_gradient(const Tensor &grad, const Tensor &x, const Lrn &op) {
  Tensor result(x.n, x.c, x.h, x.w);
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int iy = 0; iy < x.h; ++iy)
        for (int ix = 0; ix < x.w; ++ix) {
          const double sum = lrn_sum(x, op, n, c, iy, ix), scale = std::pow(sum, -double(op.beta));
          const double upstream = grad.at(n, c, iy, ix);
          result.at(n, c, iy, ix) += upstream * scale;
          const Channels near = around(op, c, x.c);
          for (int i = near.first; i <= near.last; ++i)
            result.at(n, i, iy, ix) -= upstream * x.at(n, c, iy, ix) * op.beta * scale / sum * 2 * double(op.alpha) /
                                       op.size * x.at(n, i, iy, ix);
        }
  return result;
}

} // namespace convscope::reference
