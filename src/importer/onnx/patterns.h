// Functions that exporters write as several nodes, found again as the last of these is added: GELU, SiLU, HardSwish,
// Mish, layer and instance normalization. The nodes before stay, to be asked for; nothing else runs them.
#pragma once

#include <optional>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

// The node for x * scale + shift, where x makes it a known function.
std::optional<NodeId> linear_pattern(Step &step, NodeId x, double scale, double shift);
// Likewise for a op b.
std::optional<NodeId> binary_pattern(Step &step, Arithmetic arithmetic, NodeId a, NodeId b);

} // namespace convscope::onnx_import
