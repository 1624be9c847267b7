// An ONNX file: parsed, and its tensors with their external data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <string>

#include <onnx/onnx_pb.h>

#include "importer/onnx/tensor.h"

namespace convscope::onnx_import {

// What a node does, or a tensor holds, can't be done here: it becomes an Unsupported node with this reason.
struct NotSupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ModelFile {
public:
  // UserError where it is missing, no ONNX file, or uses an opset before 7.
  explicit ModelFile(const std::filesystem::path &path);
  ModelFile(std::span<const std::uint8_t> bytes, const std::filesystem::path &path);

  const std::string &name() const { return name_; } // for errors
  std::string stem() const;                         // the model's name
  int opset() const { return opset_; }
  onnx::GraphProto &graph() { return *model_.mutable_graph(); }
  const onnx::ModelProto &model() const { return model_; }

  // Its elements; what held them in `proto` is freed. UserError, which calls it `what` ("initializer 'w'");
  // NotSupported where its elements are of a type that can't be read.
  Tensor take(onnx::TensorProto &proto, const std::string &what);

  [[noreturn]] void fail(const std::string &what) const; // UserError "model.onnx: what"

private:
  void check();
  Tensor read_external(const onnx::TensorProto &proto, Dims dims, std::size_t bytes, const std::string &what);

  std::filesystem::path path_;
  std::string name_;
  onnx::ModelProto model_;
  int opset_ = 0;
  std::map<std::filesystem::path, std::uint64_t> external_bytes_; // read so far, by file
};

} // namespace convscope::onnx_import
