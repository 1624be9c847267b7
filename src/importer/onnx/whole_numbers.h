// A picture of whole numbers, until the net makes floats of it: the graph's values are floats, which is the same as
// long as nothing rounds or wraps.
#pragma once

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

// Before a node is taken over: NotSupported where it computes with whole numbers as floats do not.
void check_whole_numbers(Step &step);
// Behind it: its outputs are of whole numbers, too, where its inputs were and it made no floats of them.
void pass_whole_numbers(Step &step);

} // namespace convscope::onnx_import
