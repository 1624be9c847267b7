#include "session/activation_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "visualization/factorization.h"

namespace convscope {

namespace {

// (position, channel), and where there are numbers below 0 as many channels again with those parts' absolute values.
std::vector<double> rows_of(const Array &maps, bool negative) {
  const Shape of = shape_of(maps);
  const auto positions = static_cast<std::size_t>(of.h) * static_cast<std::size_t>(of.w),
             channels = static_cast<std::size_t>(of.c);
  const std::size_t columns = channels * (negative ? 2 : 1);
  std::vector<double> rows(positions * columns);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t p = 0; p < positions; ++p) {
      const double value = maps.data[c * positions + p];
      rows[p * columns + c] = std::max(0.0, value);
      if (negative)
        rows[p * columns + channels + c] = std::max(0.0, -value);
    }
  return rows;
}

// The value that 99 % of the numbers are not above; where that is 0, the maximum.
double scale_of(std::vector<double> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(values.size() - 1));
  const double maximum = *std::max_element(values.begin(), values.end());
  std::nth_element(values.begin(), at, values.end());
  return *at > 0 ? *at : maximum;
}

ActivationGroup group_of(const Factors &factors, int index, int channels) {
  ActivationGroup group;
  std::vector<double> map;
  for (int p = 0; p < factors.rows; ++p)
    map.push_back(factors.shares[std::size_t(p) * std::size_t(factors.count) + std::size_t(index)]);
  const double *vector = factors.vectors.data() + std::size_t(index) * std::size_t(factors.columns);
  double squares = 0;
  for (int c = 0; c < channels; ++c) {
    const double v = factors.columns > channels ? vector[c] - vector[channels + c] : vector[c];
    group.vector.push_back(static_cast<float>(v));
    squares += v * v;
  }
  const double scale = scale_of(map);
  for (const double value : map) {
    group.map.push_back(static_cast<float>(scale > 0 ? value / scale : 0));
    group.share += value * std::sqrt(squares);
  }
  return group;
}

} // namespace

Shape shape_of(const Array &maps) {
  return {static_cast<int>(maps.shape.at(0)), static_cast<int>(maps.shape.at(1)), static_cast<int>(maps.shape.at(2))};
}

int groups_at_most(const Shape &maps) { return std::min(maps.h * maps.w, maps.c); }

ActivationGroups group_activations(const Array &maps, int count, const std::string &layer) {
  const Shape of = shape_of(maps);
  if (count < 1 || count > groups_at_most(of))
    throw UserError(fmt::format("{} groups: the {}x{} positions and {} channels of {} make 1 to {}", count, of.w, of.h,
                                of.c, layer, groups_at_most(of)));
  if (!std::all_of(maps.data.begin(), maps.data.end(), [](float v) { return std::isfinite(v); }))
    throw UserError(fmt::format("layer '{}' has activations that are not finite on this photo", layer));
  ActivationGroups result{of.h, of.w, {}, 0, false};
  result.negative = std::any_of(maps.data.begin(), maps.data.end(), [](float v) { return v < 0; });
  const std::vector<double> rows = rows_of(maps, result.negative);
  const double norm = std::sqrt(std::inner_product(rows.begin(), rows.end(), rows.begin(), 0.0));
  if (norm == 0)
    throw UserError(fmt::format("layer '{}' is zero everywhere on this photo", layer));
  const Factors factors = factorize(rows, of.h * of.w, of.c * (result.negative ? 2 : 1), count);
  result.residual = factors.residual / norm;
  double all = 0;
  for (int i = 0; i < count; ++i) {
    result.groups.push_back(group_of(factors, i, of.c));
    all += result.groups.back().share;
  }
  for (ActivationGroup &group : result.groups)
    group.share = all > 0 ? group.share / all : 0;
  const auto peak = [&](const ActivationGroup &group) {
    return (std::max_element(group.map.begin(), group.map.end()) - group.map.begin()) % of.w;
  };
  std::stable_sort(result.groups.begin(), result.groups.end(),
                   [&](const ActivationGroup &a, const ActivationGroup &b) { return peak(a) < peak(b); });
  return result;
}

std::vector<ChannelStrength> strongest_channels(const Array &maps, int x, int y, int count) {
  const std::vector<float> vector = vector_at(maps, x, y);
  std::vector<ChannelStrength> all;
  for (std::size_t c = 0; c < vector.size(); ++c)
    if (vector[c] > 0)
      all.push_back({static_cast<int>(c), vector[c]});
  std::stable_sort(all.begin(), all.end(),
                   [](const ChannelStrength &a, const ChannelStrength &b) { return a.strength > b.strength; });
  all.resize(std::min(all.size(), static_cast<std::size_t>(std::max(0, count))));
  return all;
}

std::vector<float> vector_at(const Array &maps, int x, int y) {
  const Shape of = shape_of(maps);
  std::vector<float> vector;
  for (int c = 0; c < of.c; ++c)
    vector.push_back(
        maps.data.at((static_cast<std::size_t>(c) * static_cast<std::size_t>(of.h) + static_cast<std::size_t>(y)) *
                         static_cast<std::size_t>(of.w) +
                     static_cast<std::size_t>(x)));
  return vector;
}

double norm_of(const std::vector<float> &vector) {
  double squares = 0;
  for (const float v : vector)
    squares += double(v) * v;
  return std::sqrt(squares);
}

} // namespace convscope
