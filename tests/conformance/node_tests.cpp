#include "conformance/node_tests.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace convscope {

namespace {

namespace fs = std::filesystem;

template <typename Message> bool parse(const fs::path &path, Message &message) {
  std::ifstream stream(path, std::ios::binary);
  return stream && message.ParseFromIstream(&stream);
}

// Files of sequences and optionals parse as no tensor.
bool read_tensors(const fs::path &folder, const std::string &prefix, int count, std::vector<onnx::TensorProto> &all) {
  for (int i = 0; i < count; ++i) {
    onnx::TensorProto tensor;
    if (!parse(folder / (prefix + std::to_string(i) + ".pb"), tensor))
      return false;
    all.push_back(tensor);
  }
  return true;
}

bool is_tensor(const onnx::ValueInfoProto &value) { return value.type().has_tensor_type(); }
bool is_float(const onnx::ValueInfoProto &value) {
  const int type = value.type().tensor_type().elem_type();
  return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::FLOAT16 ||
         type == onnx::TensorProto::BFLOAT16 || type == onnx::TensorProto::DOUBLE;
}

// Tests of what an image's net can't hold or Convscope does not take over, by the beginning of their names.
struct LeftOut {
  std::string_view name, why;
};
constexpr LeftOut left_out[] = {
    {"test_flatten_axis0", "mixes the images of a batch"},
    {"test_flatten_axis2", "mixes the images of a batch"},
    {"test_flatten_axis3", "mixes the images of a batch"},
    {"test_flatten_negative_axis1", "mixes the images of a batch"},
    {"test_flatten_negative_axis2", "mixes the images of a batch"},
    {"test_flatten_negative_axis4", "mixes the images of a batch"},
    {"test_gather_0", "mixes the images of a batch"},
    {"test_tile", "mixes the images of a batch"},
    {"test_layer_normalization_4d_axis0", "mixes the images of a batch"},
    {"test_layer_normalization_4d_axis_negative_4", "mixes the images of a batch"},
    {"test_mvn", "mixes the images of a batch"},
    {"test_reshape_reordered_all_dims", "mixes the images of a batch"},
    {"test_reshape_reordered_last_dims", "a Reshape that cuts rows elsewhere than the tensor does is not taken over"},
    {"test_gemm_default_matrix_bias", "has a bias for each image"},
    {"test_matmul_3d", "multiplies by another matrix for each image"},
    {"test_matmul_4d", "multiplies by another matrix for each image"},
    {"test_resize_downsample_sizes_nearest_tf_half_pixel_for_nn", "coordinates that ONNX has dropped"},
    {"test_resize_tf_crop_and_resize", "crops to a region of its own"},
    // ONNX 1.12's reference sets corners at a length of 2.4; runtimes, and this program, at the output's 2.
    {"test_resize_downsample_scales_cubic_align_corners", "corners of a fractional length"},
    {"test_resize_downsample_scales_linear_align_corners", "corners of a fractional length"},
};

std::string why_not(const NodeTest &test) {
  const onnx::GraphProto &graph = test.model.graph();
  for (const LeftOut &known : left_out)
    if (test.name == known.name || test.name == std::string(known.name) + "_expanded")
      return std::string(known.why);
  if (graph.input_size() == 0 || !is_float(graph.input(0)))
    return "its first input is not float";
  if (!std::all_of(graph.output().begin(), graph.output().end(), is_float))
    return "an output is not float";
  // The test data's makers had no bfloat16.
  if (test.inputs.front().data_type() == onnx::TensorProto::UINT16 ||
      test.outputs.front().data_type() == onnx::TensorProto::UINT16)
    return "its bfloat16 numbers are stored as whole ones";
  const auto elements = [](const onnx::TensorProto &tensor) {
    std::int64_t count = 1;
    for (const std::int64_t dim : tensor.dims())
      count *= dim;
    return count;
  };
  for (const auto &tensor : {test.inputs.front(), test.outputs.front()})
    if (tensor.dims_size() > 4)
      return "more than 4 dimensions";
    else if (elements(tensor) == 0)
      return "no elements";
  if (test.inputs.front().dims_size() == 0)
    return "a single number";
  if (test.name.find("training") != std::string::npos)
    return "training";
  return "";
}

std::string why_unread(const NodeTest &test) {
  for (const auto &set : test.model.opset_import())
    if (!set.domain().empty() && set.domain() != "ai.onnx")
      return "another domain";
    else if (set.version() < 7)
      return "an opset before 7";
  const onnx::GraphProto &graph = test.model.graph();
  const auto tensors = [](const auto &values) { return std::all_of(values.begin(), values.end(), is_tensor); };
  return tensors(graph.input()) && tensors(graph.output()) ? "" : "sequences or optionals";
}

} // namespace

std::vector<NodeTest> read_node_tests() {
  std::vector<NodeTest> tests;
  const fs::path root = "/usr/share/libonnx-testdata/data/node";
  std::error_code error;
  for (const auto &entry : fs::directory_iterator(root, error)) {
    NodeTest test;
    test.folder = entry.path();
    test.name = entry.path().filename().string();
    if (!parse(test.folder / "model.onnx", test.model))
      continue;
    const onnx::GraphProto &graph = test.model.graph();
    test.op = graph.node_size() == 1 ? graph.node(0).op_type() : "(functions of several nodes)";
    if (test.op == "LayerNormalization") // its mean and deviation serve training
      while (test.model.graph().output_size() > 1) {
        test.model.mutable_graph()->mutable_output()->RemoveLast();
        test.model.mutable_graph()->mutable_node(0)->mutable_output()->RemoveLast();
      }
    const fs::path data = test.folder / "test_data_set_0";
    const bool read = read_tensors(data, "input_", graph.input_size(), test.inputs) &&
                      read_tensors(data, "output_", graph.output_size(), test.outputs);
    test.why_unread = read ? why_unread(test) : "sequences or optionals";
    test.why_not = test.why_unread.empty() ? why_not(test) : test.why_unread;
    tests.push_back(std::move(test));
  }
  std::sort(tests.begin(), tests.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
  return tests;
}

std::vector<std::string> layouts_of(int rank) {
  switch (rank) {
  case 1:
    return {"c"};
  case 2:
    return {"nc", "cw"};
  case 3:
    return {"ncw", "chw"};
  default:
    return {"nchw"};
  }
}

onnx_import::Tensor decoded(const onnx::TensorProto &proto) {
  onnx_import::Dims dims(proto.dims().begin(), proto.dims().end());
  if (proto.has_raw_data())
    return onnx_import::decode_raw(proto.data_type(), dims, proto.raw_data());
  return onnx_import::decode_fields(proto, dims).value();
}

std::vector<std::uint8_t> bytes_of(const google::protobuf::MessageLite &message) {
  const std::string text = message.SerializeAsString();
  return {text.begin(), text.end()};
}

std::string compare(const std::vector<double> &got, const onnx_import::Tensor &expected, double relative) {
  if (static_cast<std::int64_t>(got.size()) != expected.elements())
    return fmt::format("{} values instead of {}", got.size(), expected.elements());
  for (std::int64_t i = 0; i < expected.elements(); ++i) {
    const double want = expected.at(i), have = got[static_cast<std::size_t>(i)];
    const bool both_nan = std::isnan(want) && std::isnan(have);
    if (!(std::abs(have - want) <= 1e-5 + relative * std::abs(want)) && have != want && !both_nan)
      return fmt::format("at {}: {} instead of {}", i, have, want);
  }
  return "";
}

} // namespace convscope
