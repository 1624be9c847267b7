// Small ONNX models for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <onnx/onnx_pb.h>

#include "importer/onnx_model.h"

namespace convscope {

class OnnxBuilder {
public:
  // With an input "x"; 0 and below are open dimensions.
  explicit OnnxBuilder(const std::vector<std::int64_t> &input = {1, 3, 8, 8}, int opset = 17) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
    auto *value = model.mutable_graph()->add_input();
    value->set_name("x");
    value->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    auto *shape = value->mutable_type()->mutable_tensor_type()->mutable_shape();
    for (const std::int64_t length : input) {
      if (length > 0)
        shape->add_dim()->set_dim_value(length);
      else
        shape->add_dim()->set_dim_param("open");
    }
  }

  // Its single output is named `output`, and so is the node.
  onnx::NodeProto &node(const std::string &op, const std::vector<std::string> &inputs, const std::string &output) {
    auto *node = model.mutable_graph()->add_node();
    node->set_op_type(op);
    node->set_name(output);
    for (const std::string &input : inputs)
      node->add_input(input);
    node->add_output(output);
    return *node;
  }

  // Values that go up and down, so that no two weights are alike by chance.
  onnx::TensorProto &weights(const std::string &name, const std::vector<std::int64_t> &dims) {
    std::int64_t count = 1;
    for (const std::int64_t dim : dims)
      count *= dim;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>((i * 37 + 11) % 64 - 32) / 32.F);
    return reals(name, dims, values);
  }
  onnx::TensorProto &reals(const std::string &name, const std::vector<std::int64_t> &dims,
                           const std::vector<float> &values) {
    auto &tensor = initializer(name, dims, onnx::TensorProto::FLOAT);
    tensor.mutable_raw_data()->assign(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    return tensor;
  }
  onnx::TensorProto &integers(const std::string &name, const std::vector<std::int64_t> &values) {
    auto &tensor = initializer(name, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (const std::int64_t value : values)
      tensor.add_int64_data(value);
    return tensor;
  }
  onnx::TensorProto &initializer(const std::string &name, const std::vector<std::int64_t> &dims, int type) {
    auto *tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const std::int64_t dim : dims)
      tensor->add_dims(dim);
    return *tensor;
  }

  void output(const std::string &name) {
    auto *value = model.mutable_graph()->add_output();
    value->set_name(name);
    value->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }

  std::vector<std::uint8_t> bytes() const {
    const std::string text = model.SerializeAsString();
    return {text.begin(), text.end()};
  }
  OnnxImport import(const OnnxOptions &options = {}) const { return import_onnx(bytes(), "test.onnx", options); }
  void save(const std::filesystem::path &path) const {
    std::ofstream stream(path, std::ios::binary);
    model.SerializeToOstream(&stream);
  }

  onnx::ModelProto model;
};

// "conv" of 4 channels on a picture of so many, and "relu".
inline OnnxBuilder net_of_planes(int planes, int side = 32) {
  OnnxBuilder net({1, planes, side, side});
  net.weights("w", {4, planes, 3, 3});
  net.node("Conv", {"x", "w"}, "conv");
  net.node("Relu", {"conv"}, "relu");
  net.output("relu");
  return net;
}

// "conv" (4 channels), "flat" and "dense" (5 values), for inputs of that size alone.
inline OnnxBuilder net_with_head(int height, int width) {
  OnnxBuilder net({1, 3, height, width});
  net.weights("w", {4, 3, 3, 3});
  net.node("Conv", {"x", "w"}, "conv");
  net.node("Flatten", {"conv"}, "flat");
  net.weights("dense_w", {std::int64_t{4} * (height - 2) * (width - 2), 5});
  net.node("MatMul", {"flat", "dense_w"}, "dense");
  net.output("dense");
  return net;
}

inline void set(onnx::NodeProto &node, const std::string &name, std::int64_t value) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}
inline void set(onnx::NodeProto &node, const std::string &name, float value) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}
inline void set(onnx::NodeProto &node, const std::string &name, const std::string &value) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}
inline void set(onnx::NodeProto &node, const std::string &name, const std::vector<std::int64_t> &values) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values)
    attribute->add_ints(value);
}

// The tensor's values are those in another file.
inline void set_external(onnx::TensorProto &tensor, const std::string &location, const std::string &offset,
                         const std::string &length) {
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto &[key, value] : {std::pair{"location", location}, {"offset", offset}, {"length", length}}) {
    auto *entry = tensor.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
}

} // namespace convscope
