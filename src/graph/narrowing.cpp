#include "graph/narrowing.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "graph/shapes.h"

namespace convscope {

namespace {

constexpr int block = 32; // a mask's word

// The block that has them, or all. Blocks begin at multiples of their length, but for the last, which has as many: all
// of them together take the device twice as much memory as the weights, at the most.
Channels block_around(Channels wanted, int all) {
  const int first = std::min(wanted.first / block * block, all - block);
  return first >= 0 && wanted.end() <= first + block ? Channels{first, block} : Channels{0, all};
}

// A gradient's sums over a channel's taps are the same among fewer channels: of one tap there is one product; else
// steps of four of conv_gemm.comp begin with a channel.
bool keeps_sums(const Conv &conv) {
  const int taps = conv.window.kernel_h * conv.window.kernel_w;
  return taps == 1 || (taps <= most_narrowed_taps && conv.out_channels % 4 == 0);
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
      : graph_(graph), targets_(targets), shapes_(shapes), readers_(count_readers()) {}

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
  template <typename T> bool is(NodeId id) const { return std::holds_alternative<T>(graph_.nodes[std::size_t(id)].op); }
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
    if (conv.groups == 1 && !keeps_sums(conv))
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
        if (end - first == 1 || !leave_only(id, part))
          return {};
        const Channels left = narrow(part, {wanted.first - first, wanted.count});
        node.op = Identity{};
        return {first + left.first, left.count};
      }
      first = end;
    }
    return {};
  }

  // The readers of each node that the targets need, and the targets' own.
  std::vector<int> count_readers() const {
    std::vector<int> readers(graph_.nodes.size(), 0);
    for (const NodeId target : targets_)
      ++readers[std::size_t(target)];
    for (const NodeId id : ancestors(graph_, targets_))
      for (const NodeId input : graph_.nodes[std::size_t(id)].inputs)
        ++readers[std::size_t(input)];
    return readers;
  }

  // Makes the part a Concat's one input, unless what is left would then be fused otherwise, or its gradients be added
  // up in another order.
  bool leave_only(NodeId concat, NodeId part) {
    std::vector<NodeId> &inputs = graph_.nodes[std::size_t(concat)].inputs;
    const std::vector<NodeId> all = std::exchange(inputs, {part});
    std::vector<int> readers = count_readers();
    const std::vector<NodeId> left = ancestors(graph_, targets_);
    const bool same = readers[std::size_t(part)] == 1 && std::ranges::all_of(left, [&](NodeId id) {
                        const bool before = readers_[std::size_t(id)] == readers[std::size_t(id)];
                        return before || !decides_by_readers(id, concat, left);
                      });
    if (same)
      readers_ = std::move(readers);
    else
      inputs = all;
    return same;
  }

  // Whether fusion.h, or the gradient of a batch-norm before a convolution, asks how many readers the node has.
  bool decides_by_readers(NodeId id, NodeId concat, const std::vector<NodeId> &nodes) const {
    const auto scales = [&](NodeId of) { return is<ScaleShift>(of); };
    if (is<ZeroPad>(id) || scales(id) || ((is<Relu>(id) || is<Unary>(id)) && scales(input(id))))
      return true;
    return std::ranges::any_of(nodes, [&](NodeId reader) {
      const Node &node = graph_.nodes[std::size_t(reader)];
      const bool reads = std::ranges::find(node.inputs, id) != node.inputs.end();
      return reads && reader != concat &&
             (scales(reader) || is<Relu>(reader) || is<Unary>(reader) || is<Add>(reader) || is_view(node.op));
    });
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
  const std::vector<NodeId> &targets_;
  const std::vector<Shape> &shapes_; // of the whole net
  std::vector<int> readers_;
};

} // namespace

Channels narrow(Graph &graph, const std::vector<NodeId> &targets, NodeId layer, Channels wanted,
                const std::vector<Shape> &shapes) {
  return Narrowing(graph, targets, shapes).narrow(layer, wanted);
}

} // namespace convscope
