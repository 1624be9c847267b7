#include "importer/onnx/functions.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>

#include "importer/onnx/expansions.h"
#include "importer/onnx/not_supported.h"
#include "importer/onnx/scopes.h"

namespace convscope::onnx_import {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::UnknownField;
using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

constexpr std::int64_t most_nodes = 200000, most_bytes = std::int64_t{1} << 29; // far above any net's
constexpr std::size_t deepest = 64;                                             // of calls within calls

// Texts of a field that this version of ONNX's headers may not know: by its name where they do, else by its number.
std::vector<std::string> field_texts(const Message &message, const char *name, int number) {
  std::vector<std::string> texts;
  const auto &reflection = *message.GetReflection();
  if (const FieldDescriptor *field = message.GetDescriptor()->FindFieldByName(name)) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 0;
    for (int i = 0; i < count; ++i)
      texts.push_back(reflection.GetRepeatedMessage(message, field, i).SerializeAsString());
    if (!field->is_repeated() && reflection.HasField(message, field))
      texts.push_back(reflection.GetString(message, field));
    return texts;
  }
  const auto &unknown = reflection.GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i)
    if (unknown.field(i).number() == number && unknown.field(i).type() == UnknownField::TYPE_LENGTH_DELIMITED)
      texts.push_back(unknown.field(i).length_delimited());
  return texts;
}

std::string overload_of(const Message &message, int number) {
  const std::vector<std::string> texts = field_texts(message, "overload", number);
  return texts.empty() ? "" : texts.back();
}

std::string identity(const std::string &domain, const std::string &name, const std::string &overload) {
  return fmt::format("{}\n{}\n{}", domain == "ai.onnx" ? "" : domain, name, overload);
}

// The function's attributes that have a value where the call gives none.
std::vector<onnx::AttributeProto> defaults_of(const onnx::FunctionProto &function) {
  std::vector<onnx::AttributeProto> defaults;
  for (const std::string &text : field_texts(function, "attribute_proto", 11))
    if (onnx::AttributeProto attribute; attribute.ParseFromString(text))
      defaults.push_back(std::move(attribute));
  return defaults;
}

// Gives the attributes that refer to the function's their values, or takes them away where they have none.
void bind_attributes(onnx::NodeProto &node, const onnx::NodeProto &call,
                     const std::vector<onnx::AttributeProto> &defaults) {
  onnx::NodeProto result;
  for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *result.add_attribute() = std::move(attribute);
      continue;
    }
    const auto named = [&](const onnx::AttributeProto &each) { return each.name() == attribute.ref_attr_name(); };
    const auto given = std::find_if(call.attribute().begin(), call.attribute().end(), named);
    const auto otherwise = std::find_if(defaults.begin(), defaults.end(), named);
    if (given == call.attribute().end() && otherwise == defaults.end())
      continue;
    onnx::AttributeProto &value = *result.add_attribute();
    value = given != call.attribute().end() ? *given : *otherwise;
    value.set_name(attribute.name());
  }
  node.mutable_attribute()->Swap(result.mutable_attribute());
}

void bind_all_attributes(onnx::NodeProto &node, const onnx::NodeProto &call,
                         const std::vector<onnx::AttributeProto> &defaults) {
  for_each_graph(node, [&](onnx::GraphProto &graph) { // the function's own; those that the call gives are bound already
    for (onnx::NodeProto &inner : *graph.mutable_node())
      bind_all_attributes(inner, call, defaults);
  });
  bind_attributes(node, call, defaults);
}

class Inliner {
public:
  Inliner(onnx::ModelProto &model, int opset, Readings &readings);
  void expand(onnx::GraphProto &graph, int opset);

private:
  const onnx::FunctionProto *function_of(const onnx::NodeProto &node) const;
  void place(onnx::NodeProto &&node, Reading reading, Nodes &placed);
  void keep(onnx::NodeProto &&node, Reading reading, Nodes &placed);
  void call(const onnx::NodeProto &node, const onnx::FunctionProto &function, const Reading &reading, bool ours,
            Nodes &placed);
  void count(std::size_t bytes);

  std::unordered_map<std::string, const onnx::FunctionProto *> functions_;
  int opset_;
  Readings &readings_;
  Names names_;
  std::vector<const onnx::FunctionProto *> open_; // calls within which the present one is
  std::int64_t nodes_ = 0, bytes_ = 0;            // made so far
};

Inliner::Inliner(onnx::ModelProto &model, int opset, Readings &readings) : opset_(opset), readings_(readings) {
  for (const onnx::FunctionProto &function : model.functions())
    functions_.try_emplace(identity(function.domain(), function.name(), overload_of(function, 13)), &function);
  names_.take(model.graph());
  separate_names(*model.mutable_graph(), names_);
}

const onnx::FunctionProto *Inliner::function_of(const onnx::NodeProto &node) const {
  if (functions_.empty())
    return nullptr;
  const auto found = functions_.find(identity(node.domain(), node.op_type(), overload_of(node, 8)));
  return found == functions_.end() ? nullptr : found->second;
}

void Inliner::count(std::size_t bytes) {
  bytes_ += static_cast<std::int64_t>(bytes);
  if (++nodes_ > most_nodes || bytes_ > most_bytes)
    throw NotSupported("its functions, which call each other, make more nodes than can be read");
}

void Inliner::expand(onnx::GraphProto &graph, int opset) {
  Nodes placed;
  for (onnx::NodeProto &node : *graph.mutable_node())
    place(std::move(node), {opset, "", {}, false}, placed);
  graph.mutable_node()->Swap(&placed);
}

void Inliner::keep(onnx::NodeProto &&node, Reading reading, Nodes &placed) {
  onnx::NodeProto *kept = placed.Add();
  *kept = std::move(node);
  if (reading.opset > 0 || !reading.refusal.empty() || !reading.aliases.empty() || reading.inner)
    readings_[kept] = std::move(reading);
}

void Inliner::place(onnx::NodeProto &&node, Reading reading, Nodes &placed) {
  for_each_graph(node, [&](onnx::GraphProto &graph) { expand(graph, reading.opset); });
  if (const onnx::FunctionProto *function = function_of(node)) {
    if (std::find(open_.begin(), open_.end(), function) != open_.end())
      reading.refusal = fmt::format("function '{}' calls itself", function->name());
    else if (open_.size() >= deepest)
      reading.refusal = "its functions call each other too deeply";
    else
      return call(node, *function, reading, false, placed);
    return keep(std::move(node), std::move(reading), placed);
  }
  try {
    if (const std::optional<onnx::FunctionProto> function = expansion_of(node))
      return call(node, *function, reading, true, placed);
  } catch (const NotSupported &error) {
    reading.refusal = fmt::format("op '{}': {}", node.op_type(), error.what());
  }
  keep(std::move(node), std::move(reading), placed);
}

int opset_of(const onnx::FunctionProto &function) {
  for (const onnx::OperatorSetIdProto &set : function.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      return static_cast<int>(std::clamp<std::int64_t>(set.version(), 0, 1000));
  return 0;
}

// `ours`: it is an expansion, of which only nodes that have a name are layers.
void Inliner::call(const onnx::NodeProto &node, const onnx::FunctionProto &function, const Reading &reading, bool ours,
                   Nodes &placed) {
  const auto made =
      std::find_if(node.output().begin(), node.output().end(), [](const auto &out) { return !out.empty(); });
  const std::string &first = made == node.output().end() ? function.name() : *made;
  // Within a call that has given it its name, a node is where it stands there.
  const std::string &path = !reading.aliases.empty() ? reading.aliases.back()
                            : node.name().empty()    ? first
                                                     : node.name();
  const std::string prefix = path + "/";
  Renamed renamed;
  for (int i = 0; i < function.input_size(); ++i)
    renamed.try_emplace(function.input(i), i < node.input_size() ? node.input(i) : "");
  std::vector<onnx::NodeProto> passed; // outputs that are inputs, or given twice
  for (int i = 0; i < std::min(function.output_size(), node.output_size()); ++i) {
    if (node.output(i).empty() || renamed.try_emplace(function.output(i), node.output(i)).second)
      continue;
    onnx::NodeProto &same = passed.emplace_back();
    same.set_op_type("Identity");
    same.set_name(node.output(i) == first ? node.name() : "");
    same.add_input(renamed[function.output(i)]);
    same.add_output(node.output(i));
  }
  for (const onnx::NodeProto &inner : function.node())
    for (const std::string &out : inner.output())
      if (!out.empty() && renamed.count(out) == 0)
        renamed[out] = names_.fresh(prefix + out);

  int opset = opset_of(function);
  opset = opset == 0 ? reading.opset : opset == opset_ ? 0 : opset;
  const std::vector<onnx::AttributeProto> defaults = defaults_of(function);
  open_.push_back(&function);
  count(0);
  for (const onnx::NodeProto &inner : function.node()) {
    count(inner.ByteSizeLong());
    onnx::NodeProto copy = inner;
    bind_all_attributes(copy, node, defaults);
    rename(copy, renamed, names_, prefix);
    Reading own{opset, "", {}, reading.inner || (ours && inner.name().empty())};
    if (!inner.name().empty())
      copy.set_name(prefix + inner.name());
    if (std::find(copy.output().begin(), copy.output().end(), first) != copy.output().end()) {
      own.aliases = reading.aliases;
      own.inner = reading.inner;
      if (!inner.name().empty() && !ours && !node.name().empty())
        own.aliases.push_back(copy.name());
      copy.set_name(node.name());
    }
    if (opset > 0 && opset < 7)
      own.refusal = fmt::format("function '{}' uses opset {}; opset 7 and later can be read", function.name(), opset);
    place(std::move(copy), std::move(own), placed);
  }
  open_.pop_back();
  for (onnx::NodeProto &same : passed)
    keep(std::move(same), {0, "", reading.aliases, reading.inner}, placed);
}

} // namespace

void inline_functions(onnx::ModelProto &model, int opset, Readings &readings) {
  Inliner inliner(model, opset, readings);
  inliner.expand(*model.mutable_graph(), 0);
  model.clear_functions();
}

} // namespace convscope::onnx_import
