#include "graph/support.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "graph/shapes.h"

namespace convscope {

namespace {

// The layers before `node` that can be run and that no other such layer depends on, the last ones first.
std::vector<NodeId> deepest_before(const Graph &graph, NodeId node) {
  const std::vector<bool> runs = runnable_nodes(graph);
  std::vector<bool> covered(graph.nodes.size());
  std::vector<NodeId> before = ancestors(graph, {node});
  std::reverse(before.begin(), before.end());
  std::vector<NodeId> deepest;
  for (const NodeId id : before) {
    const Node &each = graph.nodes[static_cast<std::size_t>(id)];
    const bool found = runs[static_cast<std::size_t>(id)] && each.layer && !std::holds_alternative<Input>(each.op) &&
                       !std::holds_alternative<Constant>(each.op);
    if (found && !covered[static_cast<std::size_t>(id)])
      deepest.push_back(id);
    for (const NodeId input : each.inputs)
      covered[static_cast<std::size_t>(input)] =
          covered[static_cast<std::size_t>(input)] || covered[static_cast<std::size_t>(id)] || found;
  }
  return deepest;
}

} // namespace

std::vector<bool> runnable_nodes(const Graph &graph) {
  std::vector<bool> runs(graph.nodes.size());
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    const Node &node = graph.nodes[id];
    runs[id] = !std::holds_alternative<Unsupported>(node.op) &&
               std::all_of(node.inputs.begin(), node.inputs.end(),
                           [&](NodeId input) { return runs[static_cast<std::size_t>(input)]; });
  }
  return runs;
}

std::string unsupported_text(const Graph &graph, NodeId node, NodeId target) {
  const Node &at = graph.nodes[static_cast<std::size_t>(node)];
  std::string text = fmt::format("{} of {} can't be run: {}", at.name, graph.name, std::get<Unsupported>(at.op).reason);
  constexpr std::size_t shown = 3;
  std::vector<std::string> names;
  std::vector<NodeId> before = deepest_before(graph, node);
  std::string of = "it";
  if (before.empty() && target >= 0 && target != node) {
    before = deepest_before(graph, target);
    of = fmt::format("'{}'", graph.nodes[static_cast<std::size_t>(target)].name);
  }
  for (const NodeId layer : before)
    if (names.size() < shown)
      names.push_back(fmt::format("'{}'", graph.nodes[static_cast<std::size_t>(layer)].name));
  if (names.empty())
    return text + "; no layer before it can be shown";
  return text +
         fmt::format("; the deepest layer{} before {}: {}", names.size() > 1 ? "s" : "", of, fmt::join(names, ", "));
}

NodeId first_unsupported(const Graph &graph) {
  for (std::size_t id = 0; id < graph.nodes.size(); ++id)
    if (std::holds_alternative<Unsupported>(graph.nodes[id].op))
      return static_cast<NodeId>(id);
  return -1;
}

} // namespace convscope
