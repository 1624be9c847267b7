// Questions about ops.
#pragma once

#include "graph/graph.h"

namespace convscope {

// Whether it is one of those.
template <class... Ops> bool is_any(const Op &op) { return (std::holds_alternative<Ops>(op) || ...); }

} // namespace convscope
