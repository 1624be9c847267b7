// Concats of channels without copies: convolutions write their maps into the whole, and read their gradients there.
#include "plan/network.h"

#include <algorithm>

namespace convscope {

// A residual's gradient would have to be cut out of the whole's. The depthwise kernel, which a map of one channel may
// have, too, wants words of the mask to itself. A transposed convolution's phases would do; nets do not join them.
bool Network::can_be_part(const FusedOp &op) const {
  const auto *conv = std::get_if<Conv>(&node(op.main).op);
  return conv && conv->groups == 1 && shape(op.inputs.front()).c > 1 && op.residual < 0;
}

void Network::find_parts() {
  parts_.assign(graph_.nodes.size(), {});
  if (decides_exactly()) // each ReLU's decisions are a mask of its own there
    return;
  std::vector<const FusedOp *> makers(graph_.nodes.size(), nullptr);
  std::vector<int> readers(graph_.nodes.size(), 0);
  const auto read = [&](NodeId id) { ++readers[static_cast<std::size_t>(id)]; };
  for (const FusedOp &op : ops_) {
    makers[static_cast<std::size_t>(op.output)] = &op;
    std::ranges::for_each(op.inputs, read);
    if (op.residual >= 0)
      read(op.residual);
  }
  std::ranges::for_each(options_.targets, read);
  for (const FusedOp &op : ops_) {
    const auto *concat = std::get_if<Concat>(&node(op.main).op);
    if (!concat || concat->axis != Axis::c)
      continue;
    std::size_t relus = 0;
    const bool parts_only = std::ranges::all_of(op.inputs, [&](NodeId id) {
      const FusedOp *maker = makers[static_cast<std::size_t>(id)];
      relus += maker && maker->relu ? 1 : 0;
      return maker && can_be_part(*maker) && readers[static_cast<std::size_t>(id)] == 1;
    });
    // The whole has one mask, or none.
    if (!parts_only || op.relu || (options_.backward && relus != 0 && relus != op.inputs.size()))
      continue;
    int channel = 0;
    for (const NodeId input : op.inputs) {
      parts_[static_cast<std::size_t>(input)] = {op.output, channel};
      channel += shape(input).c;
    }
  }
}

TensorId Network::make_value(NodeId id) {
  const NodeId whole = owner(id);
  TensorId &made = values_[static_cast<std::size_t>(whole)];
  if (made == TensorId::none)
    made = plan_.transient(node(whole).name, bytes(whole));
  return made;
}

} // namespace convscope
