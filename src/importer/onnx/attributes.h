// The attributes of an ONNX node, checked as they are read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

namespace convscope::onnx_import {

class Attributes {
public:
  // The node must outlive it. `fail` throws what is wrong with the node.
  Attributes(const onnx::NodeProto &node, std::function<void(const std::string &)> fail)
      : node_(&node), fail_(std::move(fail)) {}

  // `otherwise` where it is absent; an error where it is of another type.
  std::int64_t integer(const char *name, std::int64_t otherwise) const;
  double real(const char *name, double otherwise) const;
  std::string text(const char *name, const std::string &otherwise) const;
  std::optional<std::vector<std::int64_t>> integers(const char *name) const;
  std::optional<std::vector<float>> reals(const char *name) const;
  const onnx::AttributeProto *find(const char *name) const; // or null

private:
  const onnx::AttributeProto *typed(const char *name, onnx::AttributeProto::AttributeType type) const;

  const onnx::NodeProto *node_;
  std::function<void(const std::string &)> fail_;
};

} // namespace convscope::onnx_import
