// A file beside a model that tells what the model does not: <model>.convscope.json, such as
//   {"range": [0, 255], "mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4], "order": "rgb", "size": 224,
//    "labels": "imagenet.txt"}
// Every key may be left out; the README has them all.
#pragma once

#include <filesystem>
#include <optional>

#include "graph/graph.h"

namespace convscope {

struct Sidecar {
  std::optional<Preprocessing> preprocessing;
  Size size;                    // of the input, where it is said
  std::filesystem::path labels; // relative names are from the sidecar's folder; "" for none
};

// net.onnx.convscope.json or, where there is none, net.convscope.json, beside net.onnx; "" where there is neither.
std::filesystem::path sidecar_file(const std::filesystem::path &model);
// UserError that names the file and the key that it can't use.
Sidecar read_sidecar(const std::filesystem::path &file);

} // namespace convscope
