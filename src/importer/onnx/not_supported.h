// Thrown where a node can't be taken over.
#pragma once

#include <stdexcept>

namespace convscope::onnx_import {

// What this node does, or how the file has it, can't be done here: it becomes an Unsupported node with this reason, and
// the rest of the file works.
struct NotSupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace convscope::onnx_import
