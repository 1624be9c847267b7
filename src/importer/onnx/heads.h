// Which layers are a net's classifier.
#pragma once

#include "importer/onnx_model.h"

namespace convscope::onnx_import {

// Sets the graph's logits and probabilities from the outputs, where one of them has a value for each class.
void find_heads(OnnxImport &import);

} // namespace convscope::onnx_import
