// Names of values across the graphs of a file: a node's attributes may hold graphs that see the values around them.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <onnx/onnx_pb.h>

namespace convscope::onnx_import {

// Calls `visit` with each graph in the node's attributes.
template <typename Node, typename Visit> void for_each_graph(Node &node, Visit visit) {
  if constexpr (std::is_const_v<Node>) {
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        visit(attribute.g());
      for (const onnx::GraphProto &graph : attribute.graphs())
        visit(graph);
    }
  } else {
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        visit(*attribute.mutable_g());
      for (onnx::GraphProto &graph : *attribute.mutable_graphs())
        visit(graph);
    }
  }
}

// The values that a node needs: its inputs, and what its graphs take from outside. Each as often as it is named there;
// none is "".
std::vector<std::string> needs_of(const onnx::NodeProto &node);

using Renamed = std::unordered_map<std::string, std::string>;

class Names { // that are taken, in all graphs of a file
public:
  // Those of a graph, without the graphs in its nodes.
  void take(const onnx::GraphProto &graph);
  bool take(const std::string &name) { return taken_.insert(name).second; } // false: it was already
  // `wished`, or that with a number behind it; it is taken then.
  std::string fresh(const std::string &wished);

private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int> wishes_;
};

// Renames what the node uses and makes. What the graphs in it define gets a fresh name, of `prefix` and its own.
void rename(onnx::NodeProto &node, const Renamed &renamed, Names &names, const std::string &prefix);

// Gives what the graphs in the nodes define a name of its own where it is another value's, too.
void separate_names(onnx::GraphProto &graph, Names &names);

} // namespace convscope::onnx_import
