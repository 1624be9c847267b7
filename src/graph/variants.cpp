#include "graph/variants.h"

#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

namespace convscope {

void make_variant(const Graph &base, Graph &sized) {
  std::unordered_map<std::string_view, const Node *> known;
  for (const Node &node : base.nodes)
    known[node.name] = &node;
  for (Node &node : sized.nodes) {
    const auto found = known.find(node.name);
    if (found != known.end() && found->second->op == node.op)
      node.op = found->second->op;
    else
      node.variant = fmt::format("@{}x{}", sized.input.w, sized.input.h);
  }
}

} // namespace convscope
