#include "importer/onnx/attributes.h"

#include <fmt/format.h>

namespace convscope::onnx_import {

using onnx::AttributeProto;

const AttributeProto *Attributes::find(const char *name) const {
  for (const AttributeProto &attribute : node_->attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

const AttributeProto *Attributes::typed(const char *name, AttributeProto::AttributeType type) const {
  const AttributeProto *attribute = find(name);
  // Files of the first IR versions leave the type out.
  if (attribute != nullptr && attribute->type() != type && attribute->type() != AttributeProto::UNDEFINED)
    fail_(fmt::format("attribute '{}' is of another type than it should be", name));
  return attribute;
}

std::int64_t Attributes::integer(const char *name, std::int64_t otherwise) const {
  const AttributeProto *attribute = typed(name, AttributeProto::INT);
  return attribute == nullptr ? otherwise : attribute->i();
}

double Attributes::real(const char *name, double otherwise) const {
  const AttributeProto *attribute = typed(name, AttributeProto::FLOAT);
  return attribute == nullptr ? otherwise : attribute->f();
}

std::string Attributes::text(const char *name, const std::string &otherwise) const {
  const AttributeProto *attribute = typed(name, AttributeProto::STRING);
  return attribute == nullptr ? otherwise : attribute->s();
}

std::optional<std::vector<std::int64_t>> Attributes::integers(const char *name) const {
  const AttributeProto *attribute = typed(name, AttributeProto::INTS);
  if (attribute == nullptr)
    return {};
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::optional<std::vector<float>> Attributes::reals(const char *name) const {
  const AttributeProto *attribute = typed(name, AttributeProto::FLOATS);
  if (attribute == nullptr)
    return {};
  return std::vector<float>(attribute->floats().begin(), attribute->floats().end());
}

} // namespace convscope::onnx_import
