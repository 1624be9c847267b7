// ONNX's own backend tests of single nodes (Debian's libonnx-testdata), and which of them apply.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "importer/onnx/tensor.h"

namespace convscope {

struct NodeTest {
  std::string name, op; // op: of the node, or of the function that several nodes spell out
  std::filesystem::path folder;
  onnx::ModelProto model;
  std::vector<onnx::TensorProto> inputs, outputs; // of test_data_set_0, in the graph's order
  std::string why_unread;                         // it can't be read; "" where it can
  std::string why_not;                            // it does not apply to a picture; "" where it does
};

// Empty where the package is not installed.
std::vector<NodeTest> read_node_tests();

// The layouts in which the picture may lie in an input of that many dimensions; the first that can be imported counts.
std::vector<std::string> layouts_of(int rank);

// ---- Their tensors ----

onnx_import::Tensor decoded(const onnx::TensorProto &proto);
std::vector<std::uint8_t> bytes_of(const google::protobuf::MessageLite &message);
// What is wrong with these values of an output, or "".
std::string compare(const std::vector<double> &got, const onnx_import::Tensor &expected, double relative);

} // namespace convscope
