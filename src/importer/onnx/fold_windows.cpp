// Convolutions and pools of constants, over one to three dimensions of space.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "importer/onnx/folds.h"
#include "importer/onnx/windows.h"

namespace convscope::onnx_import {

namespace {

struct AxisWindow { // along one dimension; where space has fewer than three, those before are one long
  std::int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
  std::int64_t extent() const { return dilation * (kernel - 1) + 1; }
  std::int64_t from(std::int64_t place, std::int64_t tap) const { return place * stride - before + tap * dilation; }
  bool inside(std::int64_t at) const { return at >= 0 && at < in; }
};
using Windows = std::array<AxisWindow, 3>;

std::size_t space_of(Step &step, const Dims &dims) {
  if (dims.size() < 3 || dims.size() > 5)
    step.unsupported(fmt::format("takes a value of {}", dims_text(dims)));
  return dims.size() - 2;
}

bool is_same(Step &step) { return step.attributes().text("auto_pad", "NOTSET").rfind("SAME_", 0) == 0; }

// Without `out`. `kernel`: as the weights have it, or empty: the attribute says.
Windows windows_over(Step &step, const Dims &dims, const Dims &kernel) {
  const std::size_t space = space_of(step, dims);
  const std::string auto_pad = step.attributes().text("auto_pad", "NOTSET");
  if (!is_same(step) && auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty())
    wrong(step, fmt::format("has an auto_pad of '{}'", auto_pad));
  const bool explicit_pads = auto_pad == "NOTSET" || auto_pad.empty();
  if (kernel.empty() && step.attributes().find("kernel_shape") == nullptr)
    wrong(step, "has no kernel_shape");
  const bool by_weights = !kernel.empty();
  const Dims shape = by_weights ? kernel : spatial_attribute(step, "kernel_shape", space, 1, 1, longest_window);
  const auto strides = spatial_attribute(step, "strides", space, 1, 1, longest_window);
  const auto dilations = spatial_attribute(step, "dilations", space, 1, 1, longest_window);
  const auto pads = spatial_attribute(step, "pads", 2 * space, 0, -longest_window, longest_window);
  if (shape.size() != space || (by_weights && step.attributes().find("kernel_shape") != nullptr &&
                                spatial_attribute(step, "kernel_shape", space, 1, 1, longest_window) != shape))
    wrong(step, fmt::format("has a window of {} over a value of {}", dims_text(shape), dims_text(dims)));
  Windows windows;
  for (std::size_t i = 0; i < space; ++i) {
    AxisWindow &axis = windows[3 - space + i];
    axis = {dims[2 + i],
            0,
            shape[i],
            strides[i],
            dilations[i],
            explicit_pads ? pads[i] : 0,
            explicit_pads ? pads[space + i] : 0};
    if (axis.in < 1 || axis.in > INT32_MAX || axis.kernel < 1 || axis.kernel * axis.dilation > longest_window)
      wrong(step, fmt::format("has a window of {} over a value of {}", dims_text(shape), dims_text(dims)));
  }
  return windows;
}

void set_outputs(Step &step, Windows &windows, bool ceil) {
  const bool lower = step.attributes().text("auto_pad", "") == "SAME_LOWER";
  for (AxisWindow &axis : windows) {
    if (is_same(step)) {
      axis.out = (axis.in + axis.stride - 1) / axis.stride;
      const std::int64_t total = std::max<std::int64_t>((axis.out - 1) * axis.stride + axis.extent() - axis.in, 0);
      axis.before = lower ? total - total / 2 : total / 2;
      axis.after = total - axis.before;
      continue;
    }
    const std::int64_t room = axis.in + axis.before + axis.after - axis.extent();
    if (room < 0)
      step.misfit(fmt::format("its window of {} does not fit {} elements", axis.extent(), axis.in));
    axis.out = (room + (ceil ? axis.stride - 1 : 0)) / axis.stride + 1;
    if (ceil && (axis.out - 1) * axis.stride >= axis.in + axis.before) // it would begin behind the end
      --axis.out;
  }
}

Dims outputs_of(const Windows &windows, std::int64_t n, std::int64_t c, std::size_t space) {
  Dims dims{n, c};
  for (std::size_t i = 3 - space; i < 3; ++i)
    dims.push_back(windows[i].out);
  return dims;
}

std::int64_t kernel_size(const Windows &windows) {
  return std::accumulate(windows.begin(), windows.end(), std::int64_t{1},
                         [](std::int64_t count, const AxisWindow &axis) { return count * axis.kernel; });
}

// Calls with (tap, place in the plane) for each tap of the window at that place that lies inside.
template <typename Visit> void visit_taps(const Windows &w, const std::array<std::int64_t, 3> &at, Visit visit) {
  std::int64_t tap = 0;
  for (std::int64_t z = 0; z < w[0].kernel; ++z)
    for (std::int64_t y = 0; y < w[1].kernel; ++y) {
      const std::int64_t from_z = w[0].from(at[0], z), from_y = w[1].from(at[1], y);
      const bool row = w[0].inside(from_z) && w[1].inside(from_y);
      for (std::int64_t x = 0; x < w[2].kernel; ++x, ++tap)
        if (const std::int64_t from_x = w[2].from(at[2], x); row && w[2].inside(from_x))
          visit(tap, (from_z * w[1].in + from_y) * w[2].in + from_x);
    }
}

template <typename Visit> void visit_outputs(const Windows &w, Visit visit) {
  std::int64_t place = 0;
  for (std::int64_t z = 0; z < w[0].out; ++z)
    for (std::int64_t y = 0; y < w[1].out; ++y)
      for (std::int64_t x = 0; x < w[2].out; ++x)
        visit(place++, std::array<std::int64_t, 3>{z, y, x});
}

std::int64_t plane(const Dims &dims) { return element_count(Dims(dims.begin() + 2, dims.end())).value_or(0); }

std::int64_t groups_of(Step &step, const Dims &x, const Dims &w, bool transposed) {
  const std::int64_t groups = step.attributes().integer("group", 1);
  const bool fits = w.size() == x.size() && groups >= 1 && x[1] >= 1 && x[1] % groups == 0 && w[0] >= 1 && w[1] >= 1 &&
                    (transposed ? w[0] == x[1] : w[1] == x[1] / groups && w[0] % groups == 0);
  if (!fits)
    wrong(step, fmt::format("has weights of {} in {} groups for a value of {}", dims_text(w), groups, dims_text(x)));
  return groups;
}

void spend_windows(Step &step, std::int64_t outputs, std::int64_t kernel, std::int64_t channels) {
  step.translation().spend_work(element_count({outputs, kernel, channels}).value_or(INT64_MAX));
}

void add_bias(Step &step, Numbers &y) {
  if (!step.has(2))
    return;
  const Tensor &bias = step.constant(2, "biases");
  if (bias.elements() != y.dims[1])
    wrong(step, fmt::format("has {} biases for {} channels", bias.elements(), y.dims[1]));
  const std::int64_t each = plane(y.dims);
  for (std::size_t i = 0; i < y.values.size(); ++i)
    y.values[i] += bias.at(static_cast<std::int64_t>(i) / each % y.dims[1]);
}

} // namespace

void fold_conv(Step &step) {
  const Numbers x = numbers(step, 0, "values"), w = numbers(step, 1, "weights");
  const std::size_t space = space_of(step, x.dims);
  const std::int64_t groups = groups_of(step, x.dims, w.dims, false);
  Windows windows = windows_over(step, x.dims, {w.dims.begin() + 2, w.dims.end()});
  set_outputs(step, windows, false);
  Numbers y{outputs_of(windows, x.dims[0], w.dims[0], space), {}};
  const std::int64_t count = checked_count(step, y.dims), per_group = w.dims[1], taps = kernel_size(windows);
  spend_windows(step, count, 2 * taps, per_group);
  y.values.resize(static_cast<std::size_t>(count));
  const std::int64_t in_plane = plane(x.dims), out_plane = plane(y.dims), outs = w.dims[0] / groups;
  for (std::int64_t n = 0; n < x.dims[0]; ++n)
    for (std::int64_t o = 0; o < w.dims[0]; ++o)
      for (std::int64_t i = 0; i < per_group; ++i) {
        const double *in = x.values.data() + (n * x.dims[1] + o / outs * per_group + i) * in_plane;
        const double *kernel = w.values.data() + (o * per_group + i) * taps;
        double *out = y.values.data() + (n * w.dims[0] + o) * out_plane;
        visit_outputs(windows, [&](std::int64_t place, const auto &at) {
          double sum = 0;
          visit_taps(windows, at, [&](std::int64_t tap, std::int64_t from) { sum += kernel[tap] * in[from]; });
          out[place] += sum;
        });
      }
  add_bias(step, y);
  put_numbers(step, step.constant(0, "").type, y);
}

// The adjoint of a convolution: each element of x goes out by a window over the result.
void fold_conv_transpose(Step &step) {
  const Numbers x = numbers(step, 0, "values"), w = numbers(step, 1, "weights");
  const std::size_t space = space_of(step, x.dims);
  const std::int64_t groups = groups_of(step, x.dims, w.dims, true);
  Windows windows = windows_over(step, x.dims, {w.dims.begin() + 2, w.dims.end()});
  const auto more = spatial_attribute(step, "output_padding", space, 0, 0, longest_window);
  const bool shaped = step.attributes().find("output_shape") != nullptr;
  const auto shape = spatial_attribute(step, "output_shape", space, 1, 1, INT32_MAX);
  const bool upper = step.attributes().text("auto_pad", "") == "SAME_UPPER";
  Dims result{x.dims[0], w.dims[1] * groups};
  for (std::size_t i = 0; i < space; ++i) {
    AxisWindow &axis = windows[3 - space + i];
    const std::int64_t whole = axis.stride * (axis.in - 1) + more[i] + axis.extent();
    std::int64_t out = whole - axis.before - axis.after;
    if (shaped || is_same(step)) {
      out = shaped ? shape[i] : axis.in * axis.stride;
      const std::int64_t total = std::max<std::int64_t>(whole - out, 0);
      axis.before = upper ? total / 2 : total - total / 2;
    }
    if (out < 1)
      step.misfit("makes nothing of a value of " + dims_text(x.dims));
    result.push_back(out);
    axis.out = axis.in; // the window goes over the result
    axis.in = out;
  }
  Numbers y{result, {}};
  const std::int64_t count = checked_count(step, result), per_group = w.dims[1], taps = kernel_size(windows);
  spend_windows(step, static_cast<std::int64_t>(x.values.size()), 2 * taps, per_group);
  y.values.resize(static_cast<std::size_t>(count));
  const std::int64_t in_plane = plane(x.dims), out_plane = plane(y.dims), ins = x.dims[1] / groups;
  for (std::int64_t n = 0; n < x.dims[0]; ++n)
    for (std::int64_t i = 0; i < x.dims[1]; ++i)
      for (std::int64_t o = 0; o < per_group; ++o) {
        const double *in = x.values.data() + (n * x.dims[1] + i) * in_plane;
        const double *kernel = w.values.data() + (i * per_group + o) * taps;
        double *out = y.values.data() + (n * result[1] + i / ins * per_group + o) * out_plane;
        visit_outputs(windows, [&](std::int64_t place, const auto &at) {
          visit_taps(windows, at, [&](std::int64_t tap, std::int64_t to) { out[to] += kernel[tap] * in[place]; });
        });
      }
  add_bias(step, y);
  put_numbers(step, step.constant(0, "").type, y);
}

namespace {

// Average: of the taps inside. Max: the largest, and where it is.
struct FoldedPool {
  double value = 0;
  std::int64_t place = -1;
};

} // namespace

void fold_pool(Step &step) {
  const Tensor &x = step.constant(0, "values");
  const std::size_t space = space_of(step, x.dims);
  Windows windows = windows_over(step, x.dims, {});
  set_outputs(step, windows, step.attributes().integer("ceil_mode", 0) != 0);
  const Dims dims = outputs_of(windows, x.dims[0], x.dims[1], space);
  const std::int64_t count = checked_count(step, dims), in_plane = plane(x.dims), out_plane = plane(dims);
  spend_windows(step, count, 2 * kernel_size(windows), 1);
  const bool maximum = step.op() == "MaxPool";
  const bool count_padding = step.attributes().integer("count_include_pad", 0) != 0;
  Numbers y{dims, std::vector<double>(static_cast<std::size_t>(count))};
  std::vector<std::int64_t> indices(maximum && step.wants(1) ? y.values.size() : 0);
  const bool by_columns = step.attributes().integer("storage_order", 0) != 0;
  const auto index = [&](std::int64_t c, std::int64_t from) {
    const std::int64_t width = windows[2].in, height = windows[1].in, depth = windows[0].in;
    if (by_columns)
      from = (from % width * height + from / width % height) * depth + from / width / height;
    return c * in_plane + from;
  };
  const auto area = [&](const std::array<std::int64_t, 3> &at) { // of the window within the padded value
    double product = 1;
    for (std::size_t i = 0; i < 3; ++i) {
      const AxisWindow &axis = windows[i];
      std::int64_t inside = 0;
      for (std::int64_t tap = 0; tap < axis.kernel; ++tap)
        inside += axis.from(at[i], tap) < axis.in + axis.after ? 1 : 0;
      product *= static_cast<double>(inside);
    }
    return product;
  };
  for (std::int64_t c = 0; c < x.dims[0] * x.dims[1]; ++c)
    visit_outputs(windows, [&](std::int64_t place, const auto &at) {
      FoldedPool pooled;
      double taps = 0;
      visit_taps(windows, at, [&](std::int64_t, std::int64_t from) {
        const double value = x.at(c * in_plane + from);
        if (!maximum)
          pooled.value += value;
        else if (taps == 0 || value > pooled.value)
          pooled = {value, index(c, from)};
        ++taps;
      });
      if (!maximum)
        pooled.value /= count_padding ? area(at) : std::max(taps, 1.0);
      const auto to = static_cast<std::size_t>(c * out_plane + place);
      y.values[to] = pooled.value;
      if (!indices.empty())
        indices[to] = pooled.place;
    });
  put_numbers(step, x.type, y);
  if (indices.empty())
    return;
  step.put_constant(
      made(step, ElementType::int64, dims, [&](std::int64_t i) { return indices[static_cast<std::size_t>(i)]; }), 1);
}

void fold_global_pool(Step &step) {
  const Tensor &x = step.constant(0, "values");
  if (x.dims.size() < 2 || x.elements() == 0)
    wrong(step, fmt::format("pools a value of {}", dims_text(x.dims)));
  const std::int64_t each = plane(x.dims);
  const auto p = static_cast<double>(step.attributes().integer("p", 2));
  if (step.op() == "GlobalLpPool" && p < 1)
    wrong(step, fmt::format("pools by the norm of order {}", p));
  Dims dims(x.dims.size(), 1);
  std::copy_n(x.dims.begin(), 2, dims.begin());
  step.translation().spend(x.elements());
  step.put_constant(made(step, x.type, dims, [&](std::int64_t i) {
    double total = step.op() == "GlobalMaxPool" ? x.at(i * each) : 0;
    for (std::int64_t j = 0; j < each; ++j) {
      const double value = x.at(i * each + j);
      total = step.op() == "GlobalMaxPool"  ? std::max(total, value)
              : step.op() == "GlobalLpPool" ? total + std::pow(std::abs(value), p)
                                            : total + value;
    }
    return step.op() == "GlobalAveragePool" ? total / static_cast<double>(each)
           : step.op() == "GlobalLpPool"    ? std::pow(total, 1 / p)
                                            : total;
  }));
}

} // namespace convscope::onnx_import
