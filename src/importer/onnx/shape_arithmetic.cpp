#include "importer/onnx/shape_arithmetic.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace convscope::onnx_import {

namespace {
constexpr std::size_t most_dimensions = 16;
}

Dims reshaped_dims(Step &step, const std::vector<std::int64_t> &shape, const Dims &dims) {
  const bool zero_is_zero = step.attributes().integer("allowzero", 0) != 0;
  if (shape.size() > most_dimensions)
    step.fail(fmt::format("makes {} dimensions", shape.size()));
  Dims result = shape;
  std::size_t open = shape.size();
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 0 && !zero_is_zero) {
      if (i >= dims.size())
        step.fail(fmt::format("keeps dimension {} of a value of {}", i, dims_text(dims)));
      result[i] = dims[i];
    } else if (result[i] == -1 && open == shape.size()) {
      open = i;
      result[i] = 1;
    } else if (result[i] < 0) {
      step.fail(fmt::format("has a shape with {} in it", result[i]));
    }
  }
  if (open < shape.size()) {
    const std::int64_t all = element_count(dims).value_or(0), known = element_count(result).value_or(0);
    if (known == 0 || all % known != 0)
      step.misfit(fmt::format("can't make {} of {}", dims_text(shape), dims_text(dims)));
    result[open] = all / known;
  }
  return result;
}

Dims flattened_dims(Step &step, const Dims &dims) {
  const auto rank = static_cast<int>(dims.size());
  const std::int64_t given = step.attributes().integer("axis", 1);
  const int axis = given == rank ? rank : step.dimension(given, rank);
  const auto count = [](auto begin, auto end) { return element_count(Dims(begin, end)).value_or(0); };
  return {count(dims.begin(), dims.begin() + axis), count(dims.begin() + axis, dims.end())};
}

std::vector<bool> squeezed_dimensions(Step &step, const Dims &dims) {
  std::vector<bool> squeezed(dims.size());
  const std::optional<std::vector<std::int64_t>> axes = step.axes(1);
  if (!axes) {
    for (std::size_t i = 0; i < dims.size(); ++i)
      squeezed[i] = dims[i] == 1;
    return squeezed;
  }
  for (const std::int64_t axis : *axes) {
    const auto i = static_cast<std::size_t>(step.dimension(axis, static_cast<int>(dims.size())));
    if (dims[i] != 1)
      step.misfit(fmt::format("takes dimension {} from a value of {}", i, dims_text(dims)));
    squeezed[i] = true;
  }
  return squeezed;
}

std::vector<bool> unsqueezed_dimensions(Step &step, int rank) {
  const std::vector<std::int64_t> axes = step.axes(1).value_or(std::vector<std::int64_t>{});
  if (axes.size() > most_dimensions || static_cast<std::size_t>(rank) + axes.size() > most_dimensions)
    step.fail(fmt::format("makes {} dimensions", axes.size() + static_cast<std::size_t>(rank)));
  std::vector<bool> added(static_cast<std::size_t>(rank) + axes.size());
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(step.dimension(axis, static_cast<int>(added.size())));
    if (added[i])
      step.fail(fmt::format("adds dimension {} twice", i));
    added[i] = true;
  }
  return added;
}

std::vector<int> transposed_order(Step &step, int rank) {
  std::vector<int> order(static_cast<std::size_t>(rank));
  std::iota(order.rbegin(), order.rend(), 0);
  const std::optional<std::vector<std::int64_t>> permutation = step.attributes().integers("perm");
  if (!permutation)
    return order;
  std::vector<bool> used(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int64_t from = i < permutation->size() ? (*permutation)[i] : -1;
    if (permutation->size() != order.size() || from < 0 || from >= rank || used[static_cast<std::size_t>(from)])
      step.fail(fmt::format("has a perm of {} for a value of {} dimensions", dims_text(*permutation), rank));
    used[static_cast<std::size_t>(from)] = true;
    order[i] = static_cast<int>(from);
  }
  return order;
}

std::vector<Cut> cuts_of(Step &step, int rank) {
  const bool as_inputs = step.opset() >= 10;
  const auto list = [&](std::size_t input, const char *name) -> std::optional<std::vector<std::int64_t>> {
    if (!as_inputs)
      return step.attributes().integers(name);
    if (!step.has(input))
      return {};
    return step.constant(input, "bounds").integers;
  };
  const std::vector<std::int64_t> begins = list(1, "starts").value_or(std::vector<std::int64_t>{});
  const std::vector<std::int64_t> ends = list(2, "ends").value_or(std::vector<std::int64_t>{});
  std::vector<std::int64_t> axes(begins.size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = list(3, "axes").value_or(axes);
  const std::vector<std::int64_t> steps = list(4, "steps").value_or(std::vector<std::int64_t>(begins.size(), 1));
  if (ends.size() != begins.size() || axes.size() != begins.size() || steps.size() != begins.size())
    step.fail(fmt::format("has {} starts, {} ends, {} axes, {} steps", begins.size(), ends.size(), axes.size(),
                          steps.size()));
  std::vector<Cut> cuts;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    if (steps[i] == 0)
      step.fail("has a step of 0");
    cuts.push_back({step.dimension(axes[i], rank), begins[i], ends[i], steps[i]});
  }
  return cuts;
}

std::vector<std::int64_t> split_lengths(Step &step, std::int64_t length) {
  std::optional<std::vector<std::int64_t>> given;
  if (step.opset() < 13)
    given = step.attributes().integers("split");
  else if (step.has(1))
    given = step.constant(1, "lengths").integers;
  const auto outputs = static_cast<std::int64_t>(step.outputs());
  if (!given) {
    const std::int64_t parts = step.attributes().integer("num_outputs", outputs);
    if (parts != outputs)
      step.fail(fmt::format("has {} outputs, not {}", outputs, parts));
    const std::int64_t each = (length + parts - 1) / parts; // the last is what is left
    given = std::vector<std::int64_t>(static_cast<std::size_t>(parts), each);
    given->back() = length - each * (parts - 1);
  }
  std::int64_t left = length;
  for (const std::int64_t part : *given) {
    if (part < 0 || part > left)
      step.misfit(fmt::format("splits {} values into {}", length, fmt::join(*given, ", ")));
    left -= part;
  }
  if (left != 0 || static_cast<std::int64_t>(given->size()) != outputs)
    step.misfit(fmt::format("splits {} values into {}", length, fmt::join(*given, ", ")));
  return *given;
}

} // namespace convscope::onnx_import
