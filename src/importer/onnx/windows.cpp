#include "importer/onnx/windows.h"

#include <fmt/format.h>

namespace convscope::onnx_import {

std::vector<std::int64_t> spatial_attribute(Step &step, const char *name, std::size_t count, std::int64_t otherwise,
                                            std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> values =
      step.attributes().integers(name).value_or(std::vector<std::int64_t>(count, otherwise));
  if (values.size() != count)
    step.fail(fmt::format("has {} numbers in '{}', not {}", values.size(), name, count));
  for (const std::int64_t value : values)
    if (value < low || value > high)
      step.fail(fmt::format("has {} in '{}'", value, name));
  return values;
}

Window window_of(Step &step, int spatial, std::vector<std::int64_t> kernel) {
  const auto count = static_cast<std::size_t>(spatial);
  if (step.attributes().find("kernel_shape") != nullptr || kernel.empty()) {
    if (step.attributes().find("kernel_shape") == nullptr)
      step.fail("has no kernel_shape");
    const std::vector<std::int64_t> shape = spatial_attribute(step, "kernel_shape", count, 1, 1, longest_window);
    if (!kernel.empty() && kernel != shape)
      step.fail(fmt::format("has a kernel_shape of {} and weights for {}", dims_text(shape), dims_text(kernel)));
    kernel = shape;
  }
  const auto strides = spatial_attribute(step, "strides", count, 1, 1, longest_window);
  const auto dilations = spatial_attribute(step, "dilations", count, 1, 1, longest_window);
  const auto pads = spatial_attribute(step, "pads", 2 * count, 0, -longest_window, longest_window);
  for (std::size_t i = 0; i < count; ++i)
    if (kernel[i] < 1 || kernel[i] > longest_window || dilations[i] * kernel[i] > longest_window)
      step.fail(fmt::format("has a kernel of {} with dilations of {}", dims_text(kernel), dims_text(dilations)));
  // From the last dimension on: of one there is w alone.
  const auto number = [](const std::vector<std::int64_t> &values, std::size_t from_end) {
    return static_cast<int>(values[values.size() - from_end]);
  };
  Window window;
  window.kernel_w = number(kernel, 1);
  window.stride_w = number(strides, 1);
  window.dilation_w = number(dilations, 1);
  window.pad.left = static_cast<int>(pads[count - 1]);
  window.pad.right = number(pads, 1);
  if (spatial == 2) {
    window.kernel_h = number(kernel, 2);
    window.stride_h = number(strides, 2);
    window.dilation_h = number(dilations, 2);
    window.pad.top = static_cast<int>(pads[0]);
    window.pad.bottom = number(pads, 2);
  }
  const std::string auto_pad = step.attributes().text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    window.same = true;
    window.same_lower = auto_pad == "SAME_LOWER";
  }
  if (auto_pad != "NOTSET" && !auto_pad.empty())
    window.pad = {};
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty() && !window.same)
    step.fail(fmt::format("has an auto_pad of '{}'", auto_pad));
  return window;
}

} // namespace convscope::onnx_import
