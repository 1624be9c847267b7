// Ops that are some standard ones in a row: those of onnxruntime's optimizer (com.microsoft.FusedConv), the quantized
// ones (QLinearConv), LpPool. Each is written as a function, which is then read in place of the node.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <onnx/onnx_pb.h>

#include "importer/onnx/attributes.h"

namespace convscope::onnx_import {

// Nothing where the op is none of these. NotSupported where this use of it can't be taken over.
std::optional<onnx::FunctionProto> expansion_of(const onnx::NodeProto &node);

// A function's nodes in the making. Values are called by their names in it; "" is an input that is left out.
class Body {
public:
  explicit Body(const onnx::NodeProto &call);

  void set_opset(int opset) { function_.mutable_opset_import(0)->set_version(opset); } // 18 where it is not called
  const Attributes &attributes() const { return attributes_; }
  std::size_t inputs() const { return static_cast<std::size_t>(call_.input_size()); }
  bool has(std::size_t i) const { return i < inputs() && !call_.input(static_cast<int>(i)).empty(); }
  std::string in(std::size_t i) const { return has(i) ? function_.input(static_cast<int>(i)) : ""; }
  bool wants(std::size_t output) const;

  std::string number(double value);
  std::string integer(std::int64_t value);
  // The value that a node makes of these. One with a name is a layer that users find as "call/name".
  std::string make(const std::string &op, const std::vector<std::string> &inputs, const std::string &name = "");
  // Of the node made last.
  Body &with(const std::string &attribute, std::int64_t value);
  Body &with(const std::string &attribute, double value);
  Body &with(const std::string &attribute, const std::vector<std::int64_t> &values);
  Body &with(const std::string &attribute, const std::string &value);
  Body &with_own(const std::vector<std::string> &but); // the call's attributes, but these
  // Of the last dimension.
  std::pair<std::string, std::string> halves(const std::string &value);

  // A map (n, h, w, c) as (n, c, h, w), and back.
  std::string channels_first(const std::string &value);
  std::string channels_last(const std::string &value);

  void put(const std::string &value); // the call's next output
  onnx::FunctionProto take() { return std::move(function_); }

private:
  const onnx::NodeProto &call_;
  Attributes attributes_;
  onnx::FunctionProto function_;
};

// The family's op of that name, or null.
using Expand = void (*)(Body &body);
using Expansions = std::unordered_map<std::string, Expand>;
// What the domain's table has; null for domains other than ONNX's ("") and com.microsoft.
Expand expansion_in(const Expansions &table, const std::string &domain, const std::string &op);
Expand fused_expansion(const std::string &domain, const std::string &op);
Expand quantized_expansion(const std::string &domain, const std::string &op);

} // namespace convscope::onnx_import
