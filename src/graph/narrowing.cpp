#include "graph/narrowing.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "graph/readers.h"
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

// Leaves of weights of `all` channels those of some.
template <typename Values> void keep(Values &values, Channels left, int all) {
  if (left.count == all || values.empty())
    return;
  const auto row = std::ssize(values) / all;
  values = std::vector(values.begin() + left.first * row, values.begin() + left.end() * row);
}

// What does to each channel what it does to every other, by itself.
template <typename T>
constexpr bool by_channel =
    is_one_of<T, Relu, Unary, MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, ZeroPad, Identity>;

class Narrowing {
public:
  Narrowing(Graph &graph, const std::vector<NodeId> &targets, const std::vector<Shape> &shapes)
      : graph_(graph), targets_(targets), shapes_(shapes), readers_(readers(graph, targets)) {}

  // Of a node whose one reader wants those channels: which it has from now on.
  Channels narrow(NodeId id, Channels wanted) {
    const Channels all{0, channels(id)};
    if (readers_.count(id) != 1 || wanted == all)
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

  // One overload an op: the channels that it has left, having cut its weights to these. None: it can't be cut.
  template <typename Other> Channels narrow_op(NodeId id, Other &, Channels wanted) {
    return by_channel<Other> ? narrow(input(id), wanted) : Channels{};
  }
  Channels narrow_op(NodeId id, Conv &conv, Channels wanted) {
    const int all = conv.out_channels;
    const bool depthwise = conv.groups > 1;
    if (depthwise ? conv.groups != all || channels(input(id)) != all : !keeps_sums(conv))
      return {};
    const Channels left = depthwise ? narrow(input(id), wanted) : block_around(wanted, all);
    keep(conv.weights, left, all);
    keep(conv.bias, left, all);
    conv.groups = depthwise ? left.count : 1;
    conv.out_channels = left.count;
    return left;
  }
  Channels narrow_op(NodeId, Dense &dense, Channels wanted) {
    const Channels left = block_around(wanted, dense.out_features);
    keep(dense.weights, left, dense.out_features);
    keep(dense.bias, left, dense.out_features);
    dense.out_features = left.count;
    return left;
  }
  Channels narrow_op(NodeId id, ScaleShift &norm, Channels wanted) {
    const Channels left = narrow(input(id), wanted);
    keep(norm.scale, left, channels(id));
    keep(norm.shift, left, channels(id));
    return left;
  }
  Channels narrow_op(NodeId id, PRelu &prelu, Channels wanted) {
    const Channels left = narrow(input(id), wanted);
    keep(prelu.slopes, left, channels(id));
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

  // Makes the part a Concat's one input, unless what is left would then be fused otherwise, or its gradients be added
  // up in another order.
  bool leave_only(NodeId concat, NodeId part) {
    std::vector<NodeId> &inputs = graph_.nodes[std::size_t(concat)].inputs;
    const std::vector<NodeId> all = std::exchange(inputs, {part});
    Readers left = readers(graph_, targets_);
    const bool same =
        left.count(part) == 1 && std::ranges::all_of(ancestors(graph_, targets_), [&](NodeId id) {
          return left.count(id) == readers_.count(id) || !decides_by_readers(id, left.of[std::size_t(id)], concat);
        });
    if (same)
      readers_ = std::move(left);
    else
      inputs = all;
    return same;
  }

  // Whether fusion.h, or the gradient of a batch-norm before a convolution, asks how many readers the node has.
  bool decides_by_readers(NodeId id, const std::vector<NodeId> &readers_left, NodeId concat) const {
    if (is<ZeroPad>(id) || is<ScaleShift>(id) || ((is<Relu>(id) || is<Unary>(id)) && is<ScaleShift>(input(id))))
      return true;
    return std::ranges::any_of(readers_left, [&](NodeId by) {
      return by != concat && (is<ScaleShift>(by) || is<Relu>(by) || is<Unary>(by) || is<Add>(by) ||
                              is_view(graph_.nodes[std::size_t(by)].op));
    });
  }

  // Of a view that changes nothing: a vector's.
  Channels narrow_view(NodeId id, Channels wanted) {
    if (shapes_.at(std::size_t(id)) != shapes_.at(std::size_t(input(id))))
      return {};
    const Channels left = narrow(input(id), wanted);
    graph_.nodes[std::size_t(id)].op = Identity{};
    return left;
  }

  Graph &graph_;
  const std::vector<NodeId> &targets_;
  const std::vector<Shape> &shapes_; // of the whole net
  Readers readers_;
};

} // namespace

Channels narrow(Graph &graph, const std::vector<NodeId> &targets, NodeId layer, Channels wanted,
                const std::vector<Shape> &shapes) {
  return Narrowing(graph, targets, shapes).narrow(layer, wanted);
}

} // namespace convscope
