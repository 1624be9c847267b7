// Normalizations and softmax of constants.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

struct Moments {
  double mean = 0, variance = 0;
};

// The elements of a value in groups that are normalized together: `of` tells an element's group.
std::vector<Moments> moments_of(Step &step, const Numbers &x, std::int64_t groups,
                                const std::function<std::int64_t(std::int64_t)> &of) {
  step.translation().spend(groups * 3);
  std::vector<Moments> moments(static_cast<std::size_t>(groups));
  std::vector<double> counts(moments.size());
  const auto count = static_cast<std::int64_t>(x.values.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto group = static_cast<std::size_t>(of(i));
    moments[group].mean += x.values[static_cast<std::size_t>(i)];
    ++counts[group];
  }
  for (std::size_t group = 0; group < moments.size(); ++group)
    moments[group].mean /= counts[group];
  for (std::int64_t i = 0; i < count; ++i) {
    const auto group = static_cast<std::size_t>(of(i));
    const double difference = x.values[static_cast<std::size_t>(i)] - moments[group].mean;
    moments[group].variance += difference * difference / counts[group];
  }
  return moments;
}

// A vector of an element a channel; `what` it is.
Numbers per_channel(Step &step, std::size_t input, std::int64_t channels, std::string_view what) {
  Numbers vector = numbers(step, input, what);
  if (static_cast<std::int64_t>(vector.values.size()) != channels)
    wrong(step, fmt::format("has {} {} for {} channels", vector.values.size(), what, channels));
  return vector;
}

double folded_epsilon(Step &step, double otherwise = 1e-5F) { return step.attributes().real("epsilon", otherwise); }

Numbers channelled(Step &step, int least) {
  Numbers x = numbers(step, 0, "values");
  if (static_cast<int>(x.dims.size()) < least || x.values.empty())
    wrong(step, fmt::format("normalizes a value of {}", dims_text(x.dims)));
  return x;
}

void put_like(Step &step, const Numbers &y) { put_numbers(step, step.constant(0, "").type, y); }

} // namespace

void fold_batch_normalization(Step &step) {
  if (step.opset() < 9 && step.attributes().integer("spatial", 1) == 0)
    step.unsupported("has weights for each pixel");
  Numbers x = channelled(step, 1);
  const std::int64_t channels = x.dims.size() < 2 ? 1 : x.dims[1];
  const Lines lines = lines_along(x.dims, x.dims.size() < 2 ? -1 : 1);
  const auto channel = [&](std::int64_t i) { return i / lines.inner % channels; };
  const Numbers scale = per_channel(step, 1, channels, "scales"), bias = per_channel(step, 2, channels, "biases");
  const Numbers mean = per_channel(step, 3, channels, "means"), variance = per_channel(step, 4, channels, "variances");
  std::vector<Moments> moments;
  if (normalizes_as_in_training(step)) {
    moments = moments_of(step, x, channels, channel);
    // The running ones, of which a later step of training would make use.
    const double momentum = step.attributes().real("momentum", 0.9F);
    for (const bool of_mean : {true, false}) {
      Numbers running = of_mean ? mean : variance;
      for (std::size_t c = 0; c < moments.size(); ++c)
        running.values[c] =
            running.values[c] * momentum + (of_mean ? moments[c].mean : moments[c].variance) * (1 - momentum);
      put_numbers(step, step.constant(3, "").type, running, of_mean ? 1 : 2);
    }
  } else {
    for (std::size_t c = 0; c < scale.values.size(); ++c)
      moments.push_back({mean.values[c], variance.values[c]});
  }
  const double epsilon = folded_epsilon(step);
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto c = static_cast<std::size_t>(channel(static_cast<std::int64_t>(i)));
    x.values[i] =
        (x.values[i] - moments[c].mean) / std::sqrt(moments[c].variance + epsilon) * scale.values[c] + bias.values[c];
  }
  put_like(step, x);
}

void fold_instance_normalization(Step &step) {
  Numbers x = channelled(step, 3);
  const std::int64_t channels = x.dims[1], plane = lines_along(x.dims, 1).inner;
  const Numbers scale = per_channel(step, 1, channels, "scales"), bias = per_channel(step, 2, channels, "biases");
  const std::vector<Moments> moments =
      moments_of(step, x, x.dims[0] * channels, [&](std::int64_t i) { return i / plane; });
  const double epsilon = folded_epsilon(step);
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const std::int64_t group = static_cast<std::int64_t>(i) / plane;
    const Moments &own = moments[static_cast<std::size_t>(group)];
    const auto c = static_cast<std::size_t>(group % channels);
    x.values[i] = (x.values[i] - own.mean) / std::sqrt(own.variance + epsilon) * scale.values[c] + bias.values[c];
  }
  put_like(step, x);
}

void fold_group_normalization(Step &step) {
  Numbers x = channelled(step, 3);
  const std::int64_t channels = x.dims[1], plane = lines_along(x.dims, 1).inner;
  const std::int64_t groups = step.attributes().integer("num_groups", 0);
  if (groups < 1 || channels % groups != 0)
    wrong(step, fmt::format("has {} groups for a value of {}", groups, dims_text(x.dims)));
  const std::int64_t each = channels / groups * plane;
  // Before opset 21 a scale for each group, then one for each channel.
  const std::int64_t scaled = step.constant(1, "scales").elements() == groups ? groups : channels;
  const Numbers scale = per_channel(step, 1, scaled, "scales"), bias = per_channel(step, 2, scaled, "biases");
  const std::vector<Moments> moments =
      moments_of(step, x, x.dims[0] * groups, [&](std::int64_t i) { return i / each; });
  const double epsilon = folded_epsilon(step);
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const Moments &own = moments[static_cast<std::size_t>(at / each)];
    const auto c = static_cast<std::size_t>(scaled == groups ? at / each % groups : at / plane % channels);
    x.values[i] = (x.values[i] - own.mean) / std::sqrt(own.variance + epsilon) * scale.values[c] + bias.values[c];
  }
  put_like(step, x);
}

void fold_layer_normalization(Step &step) {
  Numbers x = channelled(step, 1);
  const int axis = axis_of(step, x.dims, -1);
  const Dims inner(x.dims.begin() + axis, x.dims.end());
  const std::int64_t each = *element_count(inner), groups = static_cast<std::int64_t>(x.values.size()) / each;
  std::vector<Moments> moments = moments_of(step, x, groups, [&](std::int64_t i) { return i / each; });
  const double epsilon = folded_epsilon(step);
  const auto factor = [&](std::size_t input) {
    std::optional<Numbers> given;
    if (step.has(input)) {
      given = numbers(step, input, "scales");
      if (broadcast_dims(step, {x.dims, given->dims}) != x.dims)
        wrong(step, fmt::format("scales a value of {} by one of {}", dims_text(x.dims), dims_text(given->dims)));
    }
    return given;
  };
  const std::optional<Numbers> scale = factor(1), bias = factor(2);
  const auto strides = [&](const std::optional<Numbers> &given) {
    return given ? broadcast_strides(given->dims, x.dims) : std::vector<std::int64_t>(x.dims.size());
  };
  Walk walk(x.dims, {strides(scale), strides(bias)});
  for (std::size_t i = 0; i < x.values.size(); ++i, walk.advance()) {
    const Moments &own = moments[i / static_cast<std::size_t>(each)];
    x.values[i] = (x.values[i] - own.mean) / std::sqrt(own.variance + epsilon);
    x.values[i] *= scale ? scale->values[static_cast<std::size_t>(walk.at(0))] : 1;
    x.values[i] += bias ? bias->values[static_cast<std::size_t>(walk.at(1))] : 0;
  }
  put_like(step, x);
  Dims dims = x.dims;
  std::fill(dims.begin() + axis, dims.end(), 1);
  const auto moment = [&](std::int64_t i) { return moments[static_cast<std::size_t>(i)]; };
  if (step.wants(1))
    step.put_constant(made(step, ElementType::float32, dims, [&](std::int64_t i) { return moment(i).mean; }), 1);
  if (step.wants(2))
    step.put_constant(made(step, ElementType::float32, dims,
                           [&](std::int64_t i) { return 1 / std::sqrt(moment(i).variance + epsilon); }),
                      2);
}

void fold_lp_normalization(Step &step) {
  Numbers x = numbers(step, 0, "values");
  const std::int64_t p = step.attributes().integer("p", 2);
  if (p != 1 && p != 2)
    step.unsupported(fmt::format("is of order {}", p));
  const Lines lines = lines_along(x.dims, axis_of(step, x.dims, -1));
  for (std::int64_t line = 0; line < lines.count(); ++line) {
    double norm = 0;
    const auto element = [&](std::int64_t i) -> double & {
      return x.values[static_cast<std::size_t>(lines.start(line) + i * lines.inner)];
    };
    for (std::int64_t i = 0; i < lines.length; ++i)
      norm += p == 1 ? std::abs(element(i)) : element(i) * element(i);
    norm = p == 1 ? norm : std::sqrt(norm);
    for (std::int64_t i = 0; i < lines.length; ++i)
      element(i) /= norm;
  }
  put_like(step, x);
}

void fold_mean_variance_normalization(Step &step) {
  Numbers x = channelled(step, 1);
  const std::vector<std::int64_t> axes =
      step.attributes().integers("axes").value_or(std::vector<std::int64_t>{0, 2, 3});
  Dims groups = x.dims;
  for (const std::int64_t axis : axes)
    groups[static_cast<std::size_t>(step.dimension(axis, static_cast<int>(x.dims.size())))] = 1;
  const std::vector<std::int64_t> own = broadcast_strides(groups, x.dims), strides = strides_of(x.dims);
  const auto group = [&](std::int64_t i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < strides.size(); ++d)
      at += i / strides[d] % x.dims[d] * own[d];
    return at;
  };
  const std::vector<Moments> moments = moments_of(step, x, *element_count(groups), group);
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const Moments &of_group = moments[static_cast<std::size_t>(group(static_cast<std::int64_t>(i)))];
    x.values[i] = (x.values[i] - of_group.mean) / (std::sqrt(of_group.variance) + 1e-9);
  }
  put_like(step, x);
}

// Divides by a power of the sum of the squares of the channels around.
void fold_lrn(Step &step) {
  const Numbers x = channelled(step, 2);
  const std::int64_t size = step.attributes().integer("size", 0);
  if (size < 1 || size > (1 << 16))
    wrong(step, fmt::format("has a size of {}", size));
  const double alpha = step.attributes().real("alpha", 1e-4F), beta = step.attributes().real("beta", 0.75),
               bias = step.attributes().real("bias", 1);
  const Lines channels = lines_along(x.dims, 1);
  step.translation().spend_work(2 * size * static_cast<std::int64_t>(x.values.size()));
  Numbers y = x;
  for (std::int64_t line = 0; line < channels.count(); ++line)
    for (std::int64_t c = 0; c < channels.length; ++c) {
      const auto at = [&](std::int64_t i) {
        return static_cast<std::size_t>(channels.start(line) + i * channels.inner);
      };
      double squares = 0;
      for (std::int64_t i = std::max<std::int64_t>(c - (size - 1) / 2, 0);
           i <= std::min(c + size / 2, channels.length - 1); ++i)
        squares += x.values[at(i)] * x.values[at(i)];
      y.values[at(c)] /= std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
    }
  put_like(step, y);
}

void fold_softmax(Step &step) {
  Numbers x = numbers(step, 0, "values");
  const int axis = axis_of(step, x.dims, step.opset() < 13 ? 1 : -1);
  Lines lines = lines_along(x.dims, axis);
  if (step.opset() < 13) { // over that dimension and all behind it
    lines.length *= lines.inner;
    lines.inner = 1;
  }
  for (std::int64_t line = 0; line < lines.count(); ++line) {
    const auto element = [&](std::int64_t i) -> double & {
      return x.values[static_cast<std::size_t>(lines.start(line) + i * lines.inner)];
    };
    std::int64_t largest = 0;
    for (std::int64_t i = 1; i < lines.length; ++i)
      largest = element(i) > element(largest) ? i : largest;
    const double most = element(largest);
    double sum = 0;
    for (std::int64_t i = 0; i < lines.length; ++i)
      sum += std::exp(element(i) - most);
    for (std::int64_t i = 0; i < lines.length; ++i)
      element(i) = step.op() == "Hardmax"      ? (i == largest ? 1 : 0)
                   : step.op() == "LogSoftmax" ? element(i) - most - std::log(sum)
                                               : std::exp(element(i) - most) / sum;
  }
  put_like(step, x);
}

} // namespace convscope::onnx_import
