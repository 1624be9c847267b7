// Reads ONNX models (opset 7 and later) into a Graph. docs/architecture.md tells how.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "importer/input_choice.h"

namespace convscope {

struct OnnxNet {
  Graph graph;
  // Goes through the file again, without reading it, at another size of the picture; null where `graph` is the net at
  // every size. What does not fit there is Unsupported. Weights are shared with `graph`.
  std::function<Graph(Size)> reread;
};

// The net; its preprocessing is left at its default where the input is of floats. What an op of the file needs that
// Convscope can't do becomes an Unsupported node, and the layers before it work. UserError, naming the file and where
// it can the node, where the file is damaged, takes no picture, or where nothing of it can be shown; and where `inputs`
// are not the file's.
OnnxNet load_onnx(const std::filesystem::path &path, const InputChoice &inputs = {});

// ---- For tests ----

struct OnnxOptions {
  InputChoice inputs;
  // Which of n, c, h, w each of the input's dimensions is: "nchw", "nc", "chw". Empty: found, and it must be a picture.
  std::string input_layout;
  // Values of further inputs, by name: a TensorProto each, as its bytes.
  std::map<std::string, std::vector<std::uint8_t>> constants;
};

// Where an output of the file is in the graph.
struct OnnxOutput {
  std::string name;
  NodeId node = -1;                // -1: it was not taken over, or it is a constant
  std::vector<std::int64_t> shape; // at the declared input size
  std::string layout;              // which of n, c, h, w a dimension is; '1': it is one long
  bool constant = false;
  std::vector<double> values; // of a constant
};

struct OnnxImport {
  Graph graph;
  Shape input; // the size at which the file was read
  int batch = 1;
  std::vector<OnnxOutput> outputs;
};

// `path` names the model in errors, and its folder has the external data.
OnnxImport import_onnx(std::span<const std::uint8_t> model, const std::filesystem::path &path,
                       const OnnxOptions &options);

} // namespace convscope
