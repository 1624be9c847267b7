// What an input's dimensions are, from the nodes that read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <onnx/onnx_pb.h>

namespace convscope::onnx_import {

struct InputLayout {
  std::string layout; // which of n, c, h, w each dimension is, "nhwc"; "": nothing tells
  int channels = 0;   // that the first convolution takes; 0: nothing tells
};

// The nodes of a graph, which must stay, by what they read.
class InputReaders {
public:
  explicit InputReaders(const onnx::GraphProto &graph);

  // Of an input of that rank: follows it over what keeps or moves its dimensions to the first ops that know which are
  // channels.
  InputLayout layout(const std::string &input, int rank) const;

private:
  // Of each dimension of a value which of the input's it is; -1: none, it is one long.
  using Dimensions = std::vector<int>;

  InputLayout told_by(const onnx::NodeProto &node, const std::string &name, const Dimensions &dimensions,
                      int rank) const;
  int channels_of(const onnx::NodeProto &node) const;
  // Where the dimensions are after the node; nothing where that is not known.
  std::optional<Dimensions> moved(const onnx::NodeProto &node, const std::string &name, Dimensions before) const;
  // An attribute, or a constant input.
  std::vector<std::int64_t> integers(const onnx::NodeProto &node, const char *name, int input) const;

  std::unordered_map<std::string, const onnx::TensorProto *> constants_;
  std::unordered_map<std::string, std::vector<const onnx::NodeProto *>> readers_;
};

} // namespace convscope::onnx_import
