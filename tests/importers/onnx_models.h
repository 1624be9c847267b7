// Small ONNX models whose graph is not all there is to read: functions, branches, quantized values.
#pragma once

#include <string>
#include <vector>

#include "importers/onnx_builder.h"

namespace convscope {

// A node of a function or of a branch.
template <typename Parent>
onnx::NodeProto &inner_node(Parent &parent, const std::string &op, const std::vector<std::string> &inputs,
                            const std::string &output, const std::string &name = "") {
  onnx::NodeProto &node = *parent.add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string &input : inputs)
    node.add_input(input);
  node.add_output(output);
  return node;
}

inline onnx::FunctionProto &function(OnnxBuilder &builder, const std::string &name,
                                     const std::vector<std::string> &inputs, const std::string &output,
                                     int opset = 17) {
  onnx::FunctionProto &made = *builder.model.add_functions();
  made.set_domain("own");
  made.set_name(name);
  for (const std::string &input : inputs)
    made.add_input(input);
  made.add_output(output);
  made.add_opset_import()->set_version(opset);
  return made;
}

inline onnx::NodeProto &call(onnx::NodeProto &node) {
  node.set_domain("own");
  return node;
}

// A picture of bytes, channels last, that is cast, scaled and turned around; a number, a mask and a vector beside it.
inline OnnxBuilder model_with_inputs() {
  OnnxBuilder builder({0, 0, 0, 0});
  builder.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      onnx::TensorProto::UINT8);
  const std::pair<const char *, std::vector<std::int64_t>> further[] = {
      {"alpha", {}}, {"mask", {1, 8, 8, 1}}, {"vector", {1, 4}}};
  for (const auto &[name, dims] : further) {
    auto *input = builder.model.mutable_graph()->add_input();
    input->set_name(name);
    auto *tensor = input->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(onnx::TensorProto::FLOAT);
    tensor->mutable_shape();
    for (const std::int64_t dim : dims)
      tensor->mutable_shape()->add_dim()->set_dim_value(dim);
  }
  builder.reals("mean", {3}, {123, 117, 104});
  builder.integers("reversed", {2, 1, 0});
  builder.weights("w", {4, 3, 3, 3});
  set(builder.node("Cast", {"x"}, "real"), "to", std::int64_t{onnx::TensorProto::FLOAT});
  set(builder.node("Gather", {"real", "reversed"}, "bgr"), "axis", std::int64_t{3});
  builder.node("Sub", {"bgr", "mean"}, "centred");
  set(builder.node("Transpose", {"centred"}, "first"), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
  builder.node("Conv", {"first", "w"}, "conv");
  builder.node("Mul", {"conv", "alpha"}, "scaled");
  builder.node("Add", {"scaled", "mask"}, "masked");
  builder.output("scaled");
  return builder;
}

// "block" calls "conv_act" (a convolution and a leaky ReLU, whose slope is the call's) twice.
inline OnnxBuilder model_with_functions() {
  OnnxBuilder builder;
  builder.weights("w0", {4, 3, 3, 3});
  builder.weights("w1", {4, 4, 3, 3});
  builder.weights("b", {4});
  onnx::FunctionProto &conv_act = function(builder, "conv_act", {"x", "w", "b"}, "y");
  conv_act.add_attribute("slope");
  inner_node(conv_act, "Conv", {"x", "w", "b"}, "c", "conv");
  onnx::AttributeProto &slope = *inner_node(conv_act, "LeakyRelu", {"c"}, "y", "act").add_attribute();
  slope.set_name("alpha");
  slope.set_type(onnx::AttributeProto::FLOAT);
  slope.set_ref_attr_name("slope");
  onnx::FunctionProto &block = function(builder, "block", {"x", "w0", "w1", "b"}, "y");
  set(call(inner_node(block, "conv_act", {"x", "w0"}, "c", "first")), "slope", 0.5F); // without a bias
  call(inner_node(block, "conv_act", {"c", "w1", "b"}, "y", "second"));               // with LeakyRelu's own slope
  call(builder.node("block", {"x", "w0", "w1", "b"}, "y"));
  builder.output("y");
  return builder;
}

// x where the condition holds, else its convolution by the outer "w" and a ReLU.
inline OnnxBuilder model_with_branches(const std::vector<std::int64_t> &input = {1, 3, 8, 8}) {
  OnnxBuilder builder(input);
  builder.weights("w", {4, 3, 3, 3});
  builder.node("Relu", {"x"}, "before");
  onnx::NodeProto &node = builder.node("If", {"condition"}, "chosen");
  for (const bool then : {true, false}) {
    onnx::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name(then ? "then_branch" : "else_branch");
    attribute.set_type(onnx::AttributeProto::GRAPH);
    onnx::GraphProto &graph = *attribute.mutable_g();
    inner_node(graph, then ? "Identity" : "Conv",
               then ? std::vector<std::string>{"before"} : std::vector<std::string>{"before", "w"}, "t");
    if (!then)
      inner_node(graph, "Relu", {"t"}, "u");
    graph.add_output()->set_name(then ? "t" : "u");
  }
  builder.node("Sigmoid", {"chosen"}, "after");
  builder.output("after");
  return builder;
}

inline void add_quantized(OnnxBuilder &builder, const std::string &name, const std::vector<std::int64_t> &dims,
                          int type = onnx::TensorProto::INT8) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims)
    count *= dim;
  onnx::TensorProto &tensor = builder.initializer(name, dims, type);
  for (std::int64_t i = 0; i < count; ++i)
    tensor.add_int32_data(static_cast<std::int32_t>((i * 37 + 11) % 64 - (type == onnx::TensorProto::INT8 ? 32 : 0)));
}

// Pairs around a convolution, then QLinearConv; scales of the weights by channel.
inline OnnxBuilder quantized_model() {
  OnnxBuilder builder;
  builder.reals("xs", {}, {0.0625F});
  builder.initializer("xz", {}, onnx::TensorProto::UINT8).add_int32_data(100);
  builder.reals("ws", {4}, {0.5F, 0.25F, 0.125F, 1});
  builder.initializer("wz", {4}, onnx::TensorProto::INT8);
  for (int i = 0; i < 4; ++i)
    builder.model.mutable_graph()->mutable_initializer(3)->add_int32_data(0);
  add_quantized(builder, "w", {4, 3, 3, 3});
  add_quantized(builder, "w2", {2, 4, 1, 1});
  add_quantized(builder, "b2", {2}, onnx::TensorProto::INT32);
  builder.reals("ys", {}, {4});
  builder.initializer("yz", {}, onnx::TensorProto::INT8).add_int32_data(-3);
  builder.node("QuantizeLinear", {"x", "xs", "xz"}, "xq");
  builder.node("DequantizeLinear", {"xq", "xs", "xz"}, "xd");
  set(builder.node("DequantizeLinear", {"w", "ws", "wz"}, "wd"), "axis", std::int64_t{0});
  builder.node("Conv", {"xd", "wd"}, "conv");
  builder.node("QuantizeLinear", {"conv", "ys", "yz"}, "q");
  builder.node("QLinearConv", {"q", "ys", "yz", "w2", "xs", "yz", "ys", "yz", "b2"}, "qconv");
  builder.node("DequantizeLinear", {"qconv", "ys", "yz"}, "y");
  builder.output("y");
  return builder;
}

} // namespace convscope
