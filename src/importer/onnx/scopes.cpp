#include "importer/onnx/scopes.h"

#include <fmt/format.h>

namespace convscope::onnx_import {

namespace {

template <typename Visit> void for_each_definition(const onnx::GraphProto &graph, Visit visit) {
  for (const onnx::ValueInfoProto &input : graph.input())
    visit(input.name());
  for (const onnx::TensorProto &initializer : graph.initializer())
    visit(initializer.name());
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &out : node.output())
      visit(out);
}

// `defined`: in the graphs around, as far as they lie within the node that is asked for.
void add_captured(const onnx::GraphProto &graph, std::unordered_set<std::string> defined,
                  std::vector<std::string> &captured) {
  for_each_definition(graph, [&](const std::string &name) { defined.insert(name); });
  const auto use = [&](const std::string &name) {
    if (!name.empty() && defined.count(name) == 0)
      captured.push_back(name);
  };
  for (const onnx::NodeProto &node : graph.node()) {
    for (const std::string &input : node.input())
      use(input);
    for_each_graph(node, [&](const onnx::GraphProto &inner) { add_captured(inner, defined, captured); });
  }
  for (const onnx::ValueInfoProto &out : graph.output())
    use(out.name());
}

void replace(std::string &name, const Renamed &renamed) {
  if (const auto found = renamed.find(name); found != renamed.end())
    name = found->second;
}

// `name_of` gives a name that the graph defines its new one.
template <typename NameOf> void rename_graph(onnx::GraphProto &graph, Renamed renamed, NameOf name_of) {
  std::unordered_set<std::string> seen; // inputs may have an initializer of the same name
  for_each_definition(graph, [&](const std::string &name) {
    if (!name.empty() && seen.insert(name).second)
      renamed[name] = name_of(name);
  });
  for (onnx::ValueInfoProto &input : *graph.mutable_input())
    replace(*input.mutable_name(), renamed);
  for (onnx::TensorProto &initializer : *graph.mutable_initializer())
    replace(*initializer.mutable_name(), renamed);
  for (onnx::ValueInfoProto &out : *graph.mutable_output())
    replace(*out.mutable_name(), renamed);
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    for (std::string &input : *node.mutable_input())
      replace(input, renamed);
    for (std::string &out : *node.mutable_output())
      replace(out, renamed);
    for_each_graph(node, [&](onnx::GraphProto &inner) { rename_graph(inner, renamed, name_of); });
  }
}

} // namespace

std::vector<std::string> needs_of(const onnx::NodeProto &node) {
  std::vector<std::string> needs;
  for (const std::string &input : node.input())
    if (!input.empty())
      needs.push_back(input);
  for_each_graph(node, [&](const onnx::GraphProto &graph) { add_captured(graph, {}, needs); });
  return needs;
}

void Names::take(const onnx::GraphProto &graph) {
  for_each_definition(graph, [&](const std::string &name) { take(name); });
}

std::string Names::fresh(const std::string &wished) {
  if (take(wished))
    return wished;
  for (int &i = ++wishes_[wished];; ++i)
    if (std::string candidate = fmt::format("{}_{}", wished, i); take(candidate))
      return candidate;
}

void rename(onnx::NodeProto &node, const Renamed &renamed, Names &names, const std::string &prefix) {
  for (std::string &input : *node.mutable_input())
    replace(input, renamed);
  for (std::string &out : *node.mutable_output())
    replace(out, renamed);
  for_each_graph(node, [&](onnx::GraphProto &graph) {
    rename_graph(graph, renamed, [&](const std::string &name) { return names.fresh(prefix + name); });
  });
}

void separate_names(onnx::GraphProto &graph, Names &names) {
  for (onnx::NodeProto &node : *graph.mutable_node())
    for_each_graph(node, [&](onnx::GraphProto &inner) {
      rename_graph(inner, {}, [&](const std::string &name) { return names.fresh(name); });
    });
}

} // namespace convscope::onnx_import
