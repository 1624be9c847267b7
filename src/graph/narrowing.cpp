#include "graph/narrowing.h"

#include <algorithm>

#include <fmt/format.h>

#include "graph/shapes.h"

namespace convscope {

namespace {

// Blocks begin at multiples of their length, a power of two, so that a net's blocks take the device at most as much
// memory as a few copies of its weights, whatever is asked for.
constexpr int smallest_block = 32; // a mask's word

Channels block_around(Channels wanted, int all) {
  int length = smallest_block;
  while (wanted.first / length != (wanted.end() - 1) / length)
    length *= 2;
  const int first = wanted.first / length * length;
  return {first, std::min(length, all - first)};
}

template <typename T> std::vector<T> rows(const std::vector<T> &values, Channels of, int all) {
  const auto row = std::ssize(values) / all;
  return {values.begin() + of.first * row, values.begin() + of.end() * row};
}

class Narrowing {
public:
  Narrowing(Graph &graph, const std::vector<NodeId> &targets, const std::vector<Shape> &shapes)
      : graph_(graph), shapes_(shapes), readers_(graph.nodes.size(), 0) {
    for (const NodeId target : targets)
      ++readers_[std::size_t(target)];
    for (const NodeId id : ancestors(graph, targets))
      for (const NodeId input : graph.nodes[std::size_t(id)].inputs)
        ++readers_[std::size_t(input)];
  }

  // Of a node whose one reader wants those channels: which it has from now on.
  Channels narrow(NodeId id, Channels wanted) {
    const Channels all{0, channels(id)};
    if (readers_[std::size_t(id)] != 1 || wanted == all)
      return all;
    Node &node = graph_.nodes[std::size_t(id)];
    const Channels left = std::visit([&](auto &op) { return narrow_op(node, op, wanted); }, node.op);
    return left.count > 0 ? left : all;
  }

private:
  int channels(NodeId id) const { return shapes_.at(std::size_t(id)).c; }

  // What can't be cut.
  template <typename Other> static Channels narrow_op(const Node &, Other &, Channels) { return {}; }

  Channels narrow_op(Node &node, Conv &conv, Channels wanted) {
    const bool depthwise = conv.groups > 1 && conv.groups == conv.out_channels &&
                           channels(node.inputs.front()) == conv.groups;
    if (conv.groups > 1 && !depthwise)
      return {};
    const int all = conv.out_channels;
    const Channels left = depthwise ? narrow(node.inputs.front(), wanted) : block_around(wanted, all);
    if (left.count == all)
      return {};
    if (depthwise)
      conv.groups = left.count;
    else
      conv.channels_of_net = all;
    conv.out_channels = left.count;
    conv.weights = rows<float>(conv.weights, left, all);
    conv.bias = conv.bias.empty() ? conv.bias : Floats(rows<float>(conv.bias, left, all));
    return renamed(node, left);
  }
  Channels narrow_op(Node &node, Dense &dense, Channels wanted) {
    const Channels left = block_around(wanted, dense.out_features);
    const int all = dense.out_features;
    if (left.count == all)
      return {};
    dense.out_features = left.count;
    dense.weights = rows<float>(dense.weights, left, all);
    dense.bias = dense.bias.empty() ? dense.bias : Floats(rows<float>(dense.bias, left, all));
    return renamed(node, left);
  }
  Channels narrow_op(Node &node, ScaleShift &norm, Channels wanted) {
    const Channels left = narrow(node.inputs.front(), wanted);
    const auto all = static_cast<int>(norm.scale.size());
    if (left.count == all)
      return {};
    norm.scale = rows(norm.scale, left, all);
    norm.shift = rows(norm.shift, left, all);
    return renamed(node, left);
  }
  Channels narrow_op(Node &node, PRelu &prelu, Channels wanted) {
    const Channels left = narrow(node.inputs.front(), wanted);
    const auto all = static_cast<int>(prelu.slopes.size());
    if (left.count == all)
      return {};
    prelu.slopes = rows<float>(prelu.slopes, left, all);
    return renamed(node, left);
  }
  Channels narrow_op(Node &node, Concat &concat, Channels wanted) {
    int first = 0; // of each input
    for (const NodeId input : node.inputs) {
      const int end = first + channels(input);
      if (concat.axis == Axis::c && wanted.first >= first && wanted.end() <= end) {
        const Channels left = narrow(input, {wanted.first - first, wanted.count});
        node.inputs = {input};
        node.op = Identity{};
        return {first + left.first, left.count};
      }
      first = end;
    }
    return {};
  }
  Channels narrow_op(Node &node, Relu &, Channels wanted) { return narrow(node.inputs.front(), wanted); }
  Channels narrow_op(Node &node, Unary &, Channels wanted) { return narrow(node.inputs.front(), wanted); }
  Channels narrow_op(Node &node, MaxPool &, Channels wanted) { return narrow(node.inputs.front(), wanted); }
  Channels narrow_op(Node &node, AvgPool &, Channels wanted) { return narrow(node.inputs.front(), wanted); }
  Channels narrow_op(Node &node, ZeroPad &, Channels wanted) { return narrow(node.inputs.front(), wanted); }
  Channels narrow_op(Node &node, Identity &, Channels wanted) { return narrow(node.inputs.front(), wanted); }

  static Channels renamed(Node &node, Channels left) {
    node.variant += fmt::format(" {}+{}", left.first, left.count);
    return left;
  }

  Graph &graph_;
  const std::vector<Shape> &shapes_; // of the whole net
  std::vector<int> readers_;
};

} // namespace

Channels narrow(Graph &graph, const std::vector<NodeId> &targets, NodeId layer, Channels wanted,
                const std::vector<Shape> &shapes) {
  return Narrowing(graph, targets, shapes).narrow(layer, wanted);
}

} // namespace convscope
