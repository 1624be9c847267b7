// The node of a layer that a test names.
#pragma once

#include <string>

#include "graph/names.h"

namespace convscope {

// UserError where there is none.
inline const Node &layer_of(const Graph &graph, const std::string &name) {
  return graph.nodes[static_cast<std::size_t>(find_layer(graph, name))];
}

} // namespace convscope
