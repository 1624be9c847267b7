// Functions: those that the file itself defines (ModelProto.functions, as torch's exporter of 2.1 to 2.4 writes a net),
// and ops that are some standard ones in a row (expansions.h). Their nodes are read in place of the call.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <onnx/onnx_pb.h>

namespace convscope::onnx_import {

// How a node of the file is read, where that is not as it stands there.
struct Reading {
  int opset = 0;                      // of the function that it comes from; 0: the model's
  std::string refusal{};              // why it can't be taken over, or ""
  std::vector<std::string> aliases{}; // of the layer that it makes
  bool inner = false;                 // it is no layer that the net's users know
};
using Readings = std::unordered_map<const onnx::NodeProto *, Reading>;

// Leaves no call of a function, and no two values of one name in graphs within graphs. The node that makes a call's
// first output has the call's name, the others "call/name". `opset`: the model's. NotSupported where that makes more
// nodes than any net has; a call that can't be replaced alone stays, with a refusal.
void inline_functions(onnx::ModelProto &model, int opset, Readings &readings);

} // namespace convscope::onnx_import
