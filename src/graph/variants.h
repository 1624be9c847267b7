// One net at two sizes of its input, where its file computes from the size.
#pragma once

#include "graph/graph.h"

namespace convscope {

// Makes `sized` a variant of `base`: a node that is the same there shares its weights, another of the same name gets a
// Node::variant, so that what a device keeps of the two is not mixed up.
void make_variant(const Graph &base, Graph &sized);

} // namespace convscope
