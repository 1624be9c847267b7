#include "graph/narrowing.h"

#include <algorithm>
#include <type_traits>

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

template <typename T, typename... Of> constexpr bool is_one_of = (std::is_same_v<T, Of> || ...);

// Of weights of `all` channels those of some; of none, none.
template <typename T> std::vector<T> rows(const std::vector<T> &values, Channels of, int all) {
  const auto row = std::ssize(values) / all;
  return {values.begin() + of.first * row, values.begin() + of.end() * row};
}

// What does to each channel what it does to every other, by itself.
template <typename T>
constexpr bool by_channel =
    is_one_of<T, Relu, Unary, MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, ZeroPad, Identity>;

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
    const Channels left = std::visit([&](auto &op) { return narrow_op(id, op, wanted); }, node.op);
    if (left.count == 0 || left == all)
      return all;
    node.variant += fmt::format(" {}+{}", left.first, left.count);
    node.channels_of_net = all.count;
    return left;
  }

private:
  int channels(NodeId id) const { return shapes_.at(std::size_t(id)).c; }
  NodeId input(NodeId id) const { return graph_.nodes[std::size_t(id)].inputs.front(); }
  bool is_whole(NodeId id, Channels left) const { return left.count == channels(id); }

  // One overload an op: the channels that it has left, having cut its weights to these. None: it can't be cut.
  template <typename Other> Channels narrow_op(NodeId id, Other &, Channels wanted) {
    return by_channel<Other> ? narrow(input(id), wanted) : Channels{};
  }
  Channels narrow_op(NodeId id, Conv &conv, Channels wanted) {
    const bool depthwise = conv.groups == conv.out_channels && channels(input(id)) == conv.groups;
    if (conv.groups > 1 && !depthwise)
      return {};
    const Channels left = conv.groups > 1 ? narrow(input(id), wanted) : block_around(wanted, conv.out_channels);
    if (is_whole(id, left))
      return left;
    conv.weights = rows<float>(conv.weights, left, conv.out_channels);
    conv.bias = rows<float>(conv.bias, left, conv.out_channels);
    conv.groups = conv.groups > 1 ? left.count : 1;
    conv.out_channels = left.count;
    return left;
  }
  Channels narrow_op(NodeId id, Dense &dense, Channels wanted) {
    const Channels left = block_around(wanted, dense.out_features);
    if (is_whole(id, left))
      return left;
    dense.weights = rows<float>(dense.weights, left, dense.out_features);
    dense.bias = rows<float>(dense.bias, left, dense.out_features);
    dense.out_features = left.count;
    return left;
  }
  Channels narrow_op(NodeId id, ScaleShift &norm, Channels wanted) {
    const Channels left = narrow(input(id), wanted);
    norm.scale = rows(norm.scale, left, channels(id));
    norm.shift = rows(norm.shift, left, channels(id));
    return left;
  }
  Channels narrow_op(NodeId id, PRelu &prelu, Channels wanted) {
    const Channels left = narrow(input(id), wanted);
    if (!is_whole(id, left))
      prelu.slopes = rows<float>(prelu.slopes, left, channels(id));
    return left;
  }
  Channels narrow_op(NodeId id, Reduce &reduce, Channels wanted) {
    return reduce.axes.c ? Channels{} : narrow(input(id), wanted);
  }
  Channels narrow_op(NodeId id, Flatten &, Channels wanted) { return narrow_view(id, wanted); }
  Channels narrow_op(NodeId id, Reshape &, Channels wanted) { return narrow_view(id, wanted); }
  Channels narrow_op(NodeId id, Concat &concat, Channels wanted) {
    if (concat.axis != Axis::c)
      return {};
    Node &node = graph_.nodes[std::size_t(id)];
    int first = 0; // of each input
    for (const NodeId part : node.inputs) {
      const int end = first + channels(part);
      if (wanted.first >= first && wanted.end() <= end) {
        const Channels left = narrow(part, {wanted.first - first, wanted.count});
        node.inputs = {part};
        node.op = Identity{};
        return {first + left.first, left.count};
      }
      first = end;
    }
    return {};
  }

  // Of a view that changes nothing: a vector's.
  Channels narrow_view(NodeId id, Channels wanted) {
    if (shapes_.at(std::size_t(id)) != shapes_.at(std::size_t(input(id))))
      return {};
    const Channels left = narrow(input(id), wanted);
    if (!is_whole(id, left))
      graph_.nodes[std::size_t(id)].op = Identity{};
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
