#include "visualization/narrowed_net.h"

#include <algorithm>
#include <optional>

#include "graph/narrowing.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

// From the first to the last that the objectives read; none where one of them needs others, too.
std::optional<Channels> channels_read(const std::vector<Objective> &objectives, NodeId layer) {
  int first = -1, last = -1;
  for (const Objective &objective : objectives) {
    std::optional<int> channel;
    for (const Term &term : objective.terms) {
      if (term.layer != layer)
        continue;
      if (term.kind != TermKind::channel || channel.value_or(term.channel) != term.channel)
        return {};
      channel = term.channel;
    }
    if (!channel)
      return {};
    first = first < 0 ? *channel : std::min(first, *channel);
    last = std::max(last, *channel);
  }
  return Channels{first, last - first + 1};
}

} // namespace

NarrowedNet narrowed_net(const Graph &graph, const std::vector<Objective> &objectives, Shape input) {
  const std::vector<Term> &terms = objectives.at(0).terms;
  const std::vector<NodeId> layers = layers_of(objectives[0]);
  NarrowedNet net{graph, std::vector<int>(terms.size(), 0)};
  for (const NodeId layer : layers) {
    const std::optional<Channels> read = channels_read(objectives, layer);
    if (!read)
      continue;
    const Channels left = narrow(net.graph, layers, layer, *read, infer_shapes(graph, input, layer));
    for (std::size_t t = 0; t < terms.size(); ++t)
      if (terms[t].layer == layer)
        net.first_channels[t] = left.first;
  }
  return net;
}

} // namespace convscope
