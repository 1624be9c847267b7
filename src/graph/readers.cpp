#include "graph/readers.h"

#include <numeric>

#include "graph/shapes.h"

namespace convscope {

namespace {

Readers among(const Graph &graph, const std::vector<NodeId> &nodes) {
  Readers result{std::vector<std::vector<NodeId>>(graph.nodes.size()), std::vector<bool>(graph.nodes.size())};
  for (const NodeId node : nodes)
    for (const NodeId input : graph.nodes[static_cast<std::size_t>(node)].inputs)
      result.of[static_cast<std::size_t>(input)].push_back(node);
  return result;
}

} // namespace

Readers readers(const Graph &graph, const std::vector<NodeId> &targets) {
  Readers result = among(graph, ancestors(graph, targets));
  for (const NodeId target : targets)
    result.wanted[static_cast<std::size_t>(target)] = true;
  return result;
}

Readers readers(const Graph &graph) {
  std::vector<NodeId> all(graph.nodes.size());
  std::iota(all.begin(), all.end(), 0);
  return among(graph, all);
}

} // namespace convscope
