#include "importer/onnx/strides.h"

#include <algorithm>

#include <fmt/format.h>

namespace convscope::onnx_import {

std::vector<std::int64_t> strides_of(const Dims &dims) {
  std::vector<std::int64_t> strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0; stride *= dims[i])
    strides[i] = stride;
  return strides;
}

Dims broadcast_dims(Step &step, const std::vector<Dims> &all) {
  Dims result;
  for (const Dims &dims : all) {
    result.insert(result.begin(), std::max(dims.size(), result.size()) - result.size(), 1);
    for (std::size_t i = 0; i < dims.size(); ++i) {
      std::int64_t &length = result[result.size() - 1 - i];
      const std::int64_t own = dims[dims.size() - 1 - i];
      if (own != length && own != 1 && length != 1)
        step.misfit(fmt::format("can't combine values of {} and {}", dims_text(all.front()), dims_text(dims)));
      length = length == 1 ? own : length;
    }
  }
  return result;
}

std::vector<std::int64_t> broadcast_strides(const Dims &from, const Dims &to) {
  std::vector<std::int64_t> strides(to.size()), own = strides_of(from);
  for (std::size_t i = 0; i < std::min(from.size(), to.size()); ++i)
    if (from[from.size() - 1 - i] != 1)
      strides[to.size() - 1 - i] = own[own.size() - 1 - i];
  return strides;
}

std::int64_t checked_count(Step &step, const Dims &dims) {
  const std::optional<std::int64_t> count = element_count(dims);
  if (!count)
    step.fail(fmt::format("makes a constant of {}", dims_text(dims)));
  step.translation().spend(*count);
  return *count;
}

} // namespace convscope::onnx_import
