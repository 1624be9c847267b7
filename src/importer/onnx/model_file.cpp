#include "importer/onnx/model_file.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <optional>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/onnx/external_data.h"
#include "importer/onnx/not_supported.h"
#include "importer/onnx/scopes.h"

namespace convscope::onnx_import {

namespace {

namespace fs = std::filesystem;

// Protobuf prints what it finds wrong to stderr; here its return value is enough.
class QuietProtobuf {
public:
  QuietProtobuf() : before_(google::protobuf::SetLogHandler(nullptr)) {}
  QuietProtobuf(const QuietProtobuf &) = delete;
  QuietProtobuf &operator=(const QuietProtobuf &) = delete;
  ~QuietProtobuf() { google::protobuf::SetLogHandler(before_); }

private:
  google::protobuf::LogHandler *before_;
};

// Clearing alone would keep their memory.
void free_elements(onnx::TensorProto &proto) {
  const std::string raw = std::move(*proto.mutable_raw_data());
  proto.clear_raw_data();
  google::protobuf::RepeatedField<float>().Swap(proto.mutable_float_data());
  google::protobuf::RepeatedField<double>().Swap(proto.mutable_double_data());
  google::protobuf::RepeatedField<std::int32_t>().Swap(proto.mutable_int32_data());
}

} // namespace

ModelFile::ModelFile(const fs::path &path) : path_(path), name_(path_text(path)) {
  std::error_code error;
  if (fs::is_directory(path, error))
    fail("is a folder");
  if (!fs::exists(path, error))
    fail("no such file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error)
    fail("can't be read");
  if (size == 0)
    fail("is empty");
  if (size > INT32_MAX)
    fail("is over 2 GB; such models keep their weights in a file beside them (external data)");
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    fail("can't be read");
  const QuietProtobuf quiet;
  google::protobuf::io::IstreamInputStream input(&stream, 1 << 20);
  google::protobuf::io::CodedInputStream coded(&input);
  if (!model_.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    fail("is no ONNX file, or is cut or damaged");
  check();
}

ModelFile::ModelFile(std::span<const std::uint8_t> bytes, const fs::path &path) : path_(path), name_(path_text(path)) {
  const QuietProtobuf quiet;
  if (bytes.size() > INT32_MAX || !model_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    fail("is no ONNX file, or is cut or damaged");
  check();
}

void ModelFile::check() {
  if (!model_.has_graph() || model_.graph().node_size() == 0)
    fail("is no ONNX model: it has no graph");
  for (const onnx::OperatorSetIdProto &set : model_.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      opset_ = static_cast<int>(std::min<std::int64_t>(set.version(), 1000));
  if (opset_ < 7)
    fail(opset_ == 0 ? "does not say which opset it uses"
                     : fmt::format("uses opset {}; opset 7 and later can be read: convert it with "
                                   "onnx.version_converter.convert_version(model, 13)",
                                   opset_));
  try {
    inline_functions(model_, opset_, readings_);
  } catch (const NotSupported &error) {
    fail(error.what());
  }
}

const Reading *ModelFile::reading(const onnx::NodeProto &node) const {
  const auto found = readings_.find(&node);
  return found == readings_.end() ? nullptr : &found->second;
}

const std::vector<Tensor> *ModelFile::folded(const onnx::NodeProto &node) const {
  const auto found = folded_.find(&node);
  return found == folded_.end() ? nullptr : &found->second;
}

void ModelFile::drop_folded_steps() {
  std::unordered_set<std::string> needed; // by what was not folded, or as an output
  const std::function<void(const onnx::GraphProto &)> look = [&](const onnx::GraphProto &graph) {
    for (const onnx::ValueInfoProto &output : graph.output())
      needed.insert(output.name());
    for (const onnx::NodeProto &node : graph.node()) {
      if (folded_.count(&node) == 0)
        needed.insert(node.input().begin(), node.input().end());
      for_each_graph(node, look);
    }
  };
  look(model_.graph());
  for (auto &[node, outputs] : folded_)
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (needed.count(node->output(static_cast<int>(i))) == 0)
        outputs[i] = Tensor{outputs[i].type, {0}, {}, {}, false}; // never looked at
}

std::string ModelFile::stem() const { return path_text(path_.stem()); }

void ModelFile::fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", name_, what)); }

Tensor ModelFile::take(onnx::TensorProto &proto, const std::string &what) {
  if (const auto known = kept_.find(&proto); known != kept_.end())
    return known->second;
  Tensor tensor = read(proto, what);
  if (tensor.is_real() && tensor.elements() > 0) {
    free_elements(proto);
    kept_[&proto] = tensor;
  }
  return tensor;
}

bool ModelFile::finite(const Floats &values) {
  const auto look = [&] {
    return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  };
  if (const auto known = finite_.find(values.data()); known != finite_.end())
    return known->second;
  const bool is_finite = look();
  if (std::any_of(kept_.begin(), kept_.end(), [&](const auto &item) { return item.second.reals.shares(values); }))
    finite_[values.data()] = is_finite;
  return is_finite;
}

Tensor ModelFile::read(const onnx::TensorProto &proto, const std::string &what) {
  Dims dims(proto.dims().begin(), proto.dims().end());
  if (dims.size() > 16 || !element_count(dims))
    throw NotSupported(
        fmt::format("{} has a shape of {}", what, dims.size() > 16 ? "more than 16 dimensions" : dims_text(dims)));
  const auto count = static_cast<std::size_t>(*element_count(dims));
  const std::size_t bytes = stored_bytes(proto.data_type(), count);
  if (!element_type(proto.data_type()))
    throw NotSupported(
        fmt::format("{} has elements of a type that can't be read ({})", what,
                    onnx::TensorProto::DataType_IsValid(proto.data_type())
                        ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(proto.data_type()))
                        : std::to_string(proto.data_type())));
  if (proto.has_segment())
    throw NotSupported(fmt::format("{} is in segments, which can't be read", what));
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return read_external(proto, std::move(dims), bytes, what);
  if (proto.has_raw_data()) {
    if (proto.raw_data().size() != bytes)
      throw NotSupported(fmt::format("{} has {} bytes; its shape ({}) needs {}", what, proto.raw_data().size(),
                                     dims_text(dims), bytes));
    return decode_raw(proto.data_type(), std::move(dims), proto.raw_data());
  }
  std::optional<Tensor> tensor = decode_fields(proto, std::move(dims));
  if (!tensor)
    throw NotSupported(fmt::format("{} does not hold the values that its shape needs", what));
  return std::move(*tensor);
}

Tensor ModelFile::read_external(const onnx::TensorProto &proto, Dims dims, std::size_t bytes, const std::string &what) {
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length = bytes;
  for (const onnx::StringStringEntryProto &entry : proto.external_data()) {
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      const std::optional<long long> number = parse_integer(entry.value());
      if (!number || *number < 0)
        fail(fmt::format("{} has an {} of '{}' in its file", what, entry.key(), entry.value()));
      (entry.key() == "offset" ? offset : length) = static_cast<std::uint64_t>(*number);
    }
  }
  const fs::path file = external_path(path_, location);
  if (file.empty())
    fail(fmt::format("{} is in '{}', which is not in the model's folder", what, location));
  std::error_code error;
  const std::uintmax_t size = fs::is_regular_file(file, error) ? fs::file_size(file, error) : 0;
  if (error || !fs::is_regular_file(file, error))
    fail(fmt::format("{} is in '{}', which is not beside the model", what, location));
  if (length != bytes)
    fail(fmt::format("{} has {} bytes in '{}'; its shape ({}) needs {}", what, length, location, dims_text(dims),
                     bytes));
  if (offset > size || length > size - offset)
    fail(fmt::format("{} ends after the end of '{}'", what, location));
  std::uint64_t &read = external_bytes_[file];
  read += length;
  if (read / 4 > size) // tensors may share bytes, but a small file can't fill the memory
    fail(fmt::format("uses the bytes of '{}' again and again", location));
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  if (proto.data_type() == onnx::TensorProto::FLOAT) { // straight to its place
    Tensor tensor = real_tensor(std::move(dims), std::vector<float>(bytes / sizeof(float)));
    stream.read(reinterpret_cast<char *>(tensor.reals.own().data()), static_cast<std::streamsize>(bytes));
    if (!stream)
      fail(fmt::format("'{}' can't be read", location));
    return tensor;
  }
  std::vector<char> raw(bytes);
  stream.read(raw.data(), static_cast<std::streamsize>(bytes));
  if (!stream)
    fail(fmt::format("'{}' can't be read", location));
  return decode_raw(proto.data_type(), std::move(dims), raw);
}

} // namespace convscope::onnx_import
