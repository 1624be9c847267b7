// What of a net can be run, where an importer could not take over all of it.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace convscope {

// For each node, whether neither it nor anything that it depends on is Unsupported.
std::vector<bool> runnable_nodes(const Graph &graph);

// "encoder/attention of net.onnx can't be run: op 'Attention' is not supported; the deepest layers before it are 'a'
// and 'b'". `node` is Unsupported. Where no layer is before it, those before `target`, which needs it, are named.
std::string unsupported_text(const Graph &graph, NodeId node, NodeId target = -1);

// The first Unsupported node, or -1.
NodeId first_unsupported(const Graph &graph);

} // namespace convscope
