#include "importer/onnx/expansions.h"

#include <algorithm>

#include <fmt/format.h>

#include "importer/onnx/not_supported.h"

namespace convscope::onnx_import {

Body::Body(const onnx::NodeProto &call)
    : call_(call), attributes_(call, [](const std::string &what) { throw NotSupported(what); }) {
  function_.set_name(call.op_type());
  function_.add_opset_import()->set_version(18);
  for (int i = 0; i < call.input_size(); ++i)
    function_.add_input(fmt::format("in{}", i));
}

bool Body::wants(std::size_t output) const {
  return output < static_cast<std::size_t>(call_.output_size()) && !call_.output(static_cast<int>(output)).empty();
}

std::string Body::make(const std::string &op, const std::vector<std::string> &inputs, const std::string &name) {
  onnx::NodeProto &node = *function_.add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string &input : inputs)
    node.add_input(input);
  node.add_output(name.empty() ? fmt::format("{}{}", op, function_.node_size()) : name);
  return node.output(0);
}

namespace {

onnx::AttributeProto &added(onnx::FunctionProto &function, const std::string &name,
                            onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *function.mutable_node(function.node_size() - 1)->add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

} // namespace

Body &Body::with(const std::string &attribute, std::int64_t value) {
  added(function_, attribute, onnx::AttributeProto::INT).set_i(value);
  return *this;
}

Body &Body::with(const std::string &attribute, double value) {
  added(function_, attribute, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
  return *this;
}

Body &Body::with(const std::string &attribute, const std::vector<std::int64_t> &values) {
  onnx::AttributeProto &list = added(function_, attribute, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values)
    list.add_ints(value);
  return *this;
}

Body &Body::with(const std::string &attribute, const std::string &value) {
  added(function_, attribute, onnx::AttributeProto::STRING).set_s(value);
  return *this;
}

std::pair<std::string, std::string> Body::halves(const std::string &value) {
  const std::string left = make("Split", {value});
  with("axis", std::int64_t{-1}).with("num_outputs", std::int64_t{2});
  std::string right = left + "_right";
  function_.mutable_node(function_.node_size() - 1)->add_output(right);
  return {left, std::move(right)};
}

Body &Body::with_own(const std::vector<std::string> &but) {
  for (const onnx::AttributeProto &attribute : call_.attribute())
    if (std::find(but.begin(), but.end(), attribute.name()) == but.end())
      *function_.mutable_node(function_.node_size() - 1)->add_attribute() = attribute;
  return *this;
}

std::string Body::number(double value) {
  std::string name = make("Constant", {});
  with("value_float", value);
  return name;
}

std::string Body::integer(std::int64_t value) {
  std::string name = make("Constant", {});
  with("value_int", value);
  return name;
}

std::string Body::channels_first(const std::string &value) {
  std::string name = make("Transpose", {value});
  with("perm", std::vector<std::int64_t>{0, 3, 1, 2});
  return name;
}

std::string Body::channels_last(const std::string &value) {
  std::string name = make("Transpose", {value});
  with("perm", std::vector<std::int64_t>{0, 2, 3, 1});
  return name;
}

void Body::put(const std::string &value) { function_.add_output(value); }

std::optional<onnx::FunctionProto> expansion_of(const onnx::NodeProto &node) {
  const std::string domain = node.domain() == "ai.onnx" ? "" : node.domain();
  Expand expand = fused_expansion(domain, node.op_type());
  if (expand == nullptr)
    expand = quantized_expansion(domain, node.op_type());
  if (expand == nullptr)
    return {};
  Body body(node);
  expand(body);
  return body.take();
}

Expand expansion_in(const Expansions &table, const std::string &domain, const std::string &op) {
  if (!domain.empty() && domain != "com.microsoft")
    return nullptr;
  const auto found = table.find(op);
  return found == table.end() ? nullptr : found->second;
}

} // namespace convscope::onnx_import
