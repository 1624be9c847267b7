// Who reads the nodes of a graph, or of a part that is cut from it.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace convscope {

struct Readers {
  std::vector<std::vector<NodeId>> of; // each node's, ascending: as often as it is an input of theirs
  std::vector<bool> wanted;            // whether it is a target

  // Of a node: its readers, and who wants it.
  int count(NodeId node) const {
    const auto index = static_cast<std::size_t>(node);
    return static_cast<int>(of[index].size()) + (wanted[index] ? 1 : 0);
  }
  // The one node that reads it, or -1 where it has several readers or is wanted itself.
  NodeId only(NodeId node) const {
    const auto index = static_cast<std::size_t>(node);
    return !wanted[index] && of[index].size() == 1 ? of[index].front() : -1;
  }
};

// Among the ancestors of the targets and these; or of the whole graph, of which nothing is a target.
Readers readers(const Graph &graph, const std::vector<NodeId> &targets);
Readers readers(const Graph &graph);

} // namespace convscope
