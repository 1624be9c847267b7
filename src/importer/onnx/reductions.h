// Dimensions of a value as axes of its node.
#pragma once

#include <optional>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

// The axes that these dimensions are, where they are whole; nothing where they are only parts of axes, or n.
std::optional<Axes> axes_of(const Value &value, const std::vector<int> &dimensions, const Sides &sides);
// The same after the value has been arranged where it had to be. NotSupported where the images of a batch mix.
Axes arranged_axes(Step &step, Value &value, const std::vector<int> &dimensions);

// Reduces over these dimensions, which become one long in `view`.
NodeId reduced(Step &step, Value &value, Reduction reduction, const std::vector<int> &dimensions, View &view);

} // namespace convscope::onnx_import
