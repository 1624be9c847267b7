// An ONNX file: parsed, and its tensors with their external data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <onnx/onnx_pb.h>

#include "importer/onnx/functions.h"
#include "importer/onnx/not_supported.h"
#include "importer/onnx/tensor.h"

namespace convscope::onnx_import {

class ModelFile {
public:
  // UserError where it is missing, no ONNX file, or uses an opset before 7, or its functions make too many nodes.
  explicit ModelFile(const std::filesystem::path &path);
  ModelFile(std::span<const std::uint8_t> bytes, const std::filesystem::path &path);

  const std::string &name() const { return name_; } // for errors
  std::string stem() const;                         // the model's name
  int opset() const { return opset_; }
  // How a node of it is read, or null: as it stands there.
  const Reading *reading(const onnx::NodeProto &node) const;
  onnx::GraphProto &graph() { return *model_.mutable_graph(); }
  const onnx::ModelProto &model() const { return model_; }

  // The elements of a tensor. Both errors call it `what` ("initializer 'w'"): NotSupported where the tensor alone is
  // odd, UserError where a file of external data is not what the model needs.
  Tensor read(const onnx::TensorProto &proto, const std::string &what);
  // The same of one of the model's own. Real ones are kept, and what held them in `proto` is freed: however often the
  // model is gone through, their elements are there once.
  Tensor take(onnx::TensorProto &proto, const std::string &what);
  // Whether all of them are finite; looked at once where they are kept.
  bool finite(const Floats &values);
  // What a node of constants was computed to, where that hangs on no size; null before it is known.
  const std::vector<Tensor> *folded(const onnx::NodeProto &node) const;
  void keep_folded(const onnx::NodeProto &node, std::vector<Tensor> outputs) { folded_[&node] = std::move(outputs); }
  // Lets go of those that only others of them were computed from.
  void drop_folded_steps();
  // Before the model is gone through again.
  void rewind() { external_bytes_.clear(); }

  [[noreturn]] void fail(const std::string &what) const; // UserError "model.onnx: what"

private:
  void check();
  Tensor read_external(const onnx::TensorProto &proto, Dims dims, std::size_t bytes, const std::string &what);

  std::filesystem::path path_;
  std::string name_;
  onnx::ModelProto model_;
  int opset_ = 0;
  Readings readings_;
  std::unordered_map<const onnx::TensorProto *, Tensor> kept_;
  std::unordered_map<const float *, bool> finite_; // of kept ones
  std::unordered_map<const onnx::NodeProto *, std::vector<Tensor>> folded_;
  std::map<std::filesystem::path, std::uint64_t> external_bytes_; // read so far, by file
};

} // namespace convscope::onnx_import
