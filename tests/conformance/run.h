// An imported graph on the device and in double.
#pragma once

#include <string>
#include <vector>

#include "conformance/node_tests.h"
#include "importer/onnx/tensor.h"
#include "importer/onnx_model.h"

namespace convscope {

// Whether the importer has a rule for each of its nodes, and for what it asks of them.
bool is_taken_over(const NodeTest &test);

// The output's values in the file's order. `layout`: the input's.
std::vector<double> run_output(const OnnxImport &import, const OnnxOutput &output, const std::string &layout,
                               const onnx_import::Tensor &input);

} // namespace convscope
