#include "microscope/ties.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "graph/ops.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

// Squares of norms, from `columns` channels of a node to the channels of the layer behind. Sparse rows: most paths keep
// channels apart.
struct Paths {
  int columns = 0;
  std::vector<std::vector<std::pair<int, double>>> rows; // channel, square

  static Paths straight(int channels) {
    Paths paths{channels, std::vector<std::vector<std::pair<int, double>>>(static_cast<std::size_t>(channels))};
    for (int c = 0; c < channels; ++c)
      paths.rows[static_cast<std::size_t>(c)].emplace_back(c, 1.0);
    return paths;
  }

  void add(const Paths &other) {
    for (std::size_t b = 0; b < rows.size(); ++b) {
      std::map<int, double> sums(rows[b].begin(), rows[b].end());
      for (const auto &[channel, square] : other.rows[b])
        sums[channel] += square;
      rows[b].assign(sums.begin(), sums.end());
    }
  }

  // Each entry's channel becomes what `spread` says of it.
  template <class Spread> Paths through(int channels, Spread spread) const {
    Paths next{channels, {}};
    std::vector<double> sums(static_cast<std::size_t>(channels));
    for (const auto &row : rows) {
      std::fill(sums.begin(), sums.end(), 0.0);
      for (const auto &[channel, square] : row)
        spread(channel,
               [&, from = square](int to, double factor) { sums[static_cast<std::size_t>(to)] += from * factor; });
      next.rows.emplace_back();
      for (int c = 0; c < channels; ++c)
        if (sums[static_cast<std::size_t>(c)] != 0)
          next.rows.back().emplace_back(c, sums[static_cast<std::size_t>(c)]);
    }
    return next;
  }
};

class Walk {
public:
  Walk(const Graph &graph, const std::vector<Shape> &shapes, const std::vector<NodeId> &layers, NodeId to)
      : graph_(graph), shapes_(shapes), layers_(layers), to_(to) {}

  // From the last node to the first: by the time one's turn comes, all paths behind it are summed up.
  void go() {
    from_inputs(to_, Paths::straight(channels(to_)));
    while (!pending_.empty()) {
      const auto last = std::prev(pending_.end());
      const auto [id, paths] = std::pair(last->first, std::move(last->second));
      pending_.erase(last);
      if (std::binary_search(layers_.begin(), layers_.end(), id))
        keep(id, paths);
      else
        from_inputs(id, paths);
    }
  }

  std::map<NodeId, std::vector<double>> found; // squares, to-major

private:
  int channels(NodeId id) const { return shapes_[static_cast<std::size_t>(id)].c; }
  const Node &node(NodeId id) const { return graph_.nodes[static_cast<std::size_t>(id)]; }

  void arrive(NodeId id, Paths paths) {
    if (channels(id) != paths.columns || channels(id) == 0)
      return;
    const auto [at, first] = pending_.try_emplace(id, std::move(paths));
    if (!first)
      at->second.add(paths); // which try_emplace left alone
  }

  void keep(NodeId id, const Paths &paths) {
    std::vector<double> &squares = found[id];
    squares.resize(paths.rows.size() * static_cast<std::size_t>(paths.columns));
    for (std::size_t b = 0; b < paths.rows.size(); ++b)
      for (const auto &[a, square] : paths.rows[b])
        squares[b * static_cast<std::size_t>(paths.columns) + static_cast<std::size_t>(a)] += square;
  }

  void from_inputs(NodeId id, const Paths &paths) {
    const Node &n = node(id);
    if (n.inputs.empty())
      return;
    const NodeId input = n.inputs.front();
    if (const auto *conv = std::get_if<Conv>(&n.op))
      return through_weights(*conv, input, paths, [](std::size_t out, std::size_t from, int in_group, int) {
        const auto each = static_cast<std::size_t>(in_group);
        return out * each + from % each;
      });
    if (const auto *conv = std::get_if<ConvTranspose>(&n.op))
      return through_weights(*conv, input, paths, [](std::size_t out, std::size_t from, int, int out_group) {
        const auto each = static_cast<std::size_t>(out_group);
        return from * each + out % each;
      });
    if (const auto *dense = std::get_if<Dense>(&n.op))
      return through_dense(*dense, input, paths);
    if (const auto *scale = std::get_if<ScaleShift>(&n.op))
      return arrive(input, paths.through(paths.columns, [&](int c, auto add) {
        const double s = scale->scale.at(static_cast<std::size_t>(c));
        add(c, s * s);
      }));
    if (const auto *concat = std::get_if<Concat>(&n.op); concat && concat->axis == Axis::c)
      return through_concat(n, paths);
    if (const auto *slice = std::get_if<Slice>(&n.op); slice && slice->axis == Axis::c)
      return through_slice(id, *slice, input, paths);
    if (const auto *shuffle = std::get_if<ChannelShuffle>(&n.op))
      return arrive(input, paths.through(paths.columns, [&](int c, auto add) {
        const int each = paths.columns / shuffle->groups;
        add(c % shuffle->groups * each + c / shuffle->groups, 1.0);
      }));
    if (is_any<Add, Binary, Concat, Slice, Relu, PRelu, Unary, MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool,
               Normalize, Lrn, ZeroPad, Resize, Identity, Flatten, Reduce, Pad>(n.op))
      for (const NodeId each : n.inputs) // a gate, a bias: of as many channels; what has others tells nothing
        arrive(each, paths);
  }

  // `place(out, from, ..)`: where the weights of an output and an input channel are, given how many a group has of
  // each.
  template <class Layer, class Place>
  void through_weights(const Layer &conv, NodeId input, const Paths &paths, Place place) {
    const int in = channels(input), groups = std::max(conv.groups, 1);
    const int in_group = in / groups, out_group = conv.out_channels / groups;
    if (in == 0 || paths.columns != conv.out_channels)
      return;
    const std::size_t taps =
        static_cast<std::size_t>(conv.window.kernel_h) * static_cast<std::size_t>(conv.window.kernel_w);
    const std::vector<double> squares = squares_of(conv.weights, taps);
    arrive(input, paths.through(in, [&](int out, auto add) {
      for (int i = 0; i < in_group; ++i) {
        const int from = out / out_group * in_group + i;
        add(from,
            squares.at(place(static_cast<std::size_t>(out), static_cast<std::size_t>(from), in_group, out_group)));
      }
    }));
  }

  // Behind a flattened map, the weights of all positions of a channel count as one.
  void through_dense(const Dense &dense, NodeId input, const Paths &paths) {
    while (is_view(node(input).op) && !std::binary_search(layers_.begin(), layers_.end(), input) &&
           !node(input).inputs.empty())
      input = node(input).inputs.front();
    const Shape &shape = shapes_[static_cast<std::size_t>(input)];
    const auto features = static_cast<std::size_t>(shape.elements());
    if (features == 0 || dense.weights.size() != features * static_cast<std::size_t>(dense.out_features) ||
        paths.columns != dense.out_features)
      return;
    const std::vector<double> squares = squares_of(dense.weights, features / static_cast<std::size_t>(shape.c));
    arrive(input, paths.through(shape.c, [&](int out, auto add) {
      for (int i = 0; i < shape.c; ++i)
        add(i, squares.at(static_cast<std::size_t>(out) * shape.c + i));
    }));
  }

  void through_concat(const Node &concat, const Paths &paths) {
    int begin = 0;
    for (const NodeId input : concat.inputs) {
      const int count = channels(input);
      arrive(input, paths.through(count, [&](int c, auto add) {
        if (c >= begin && c < begin + count)
          add(c - begin, 1.0);
      }));
      begin += count;
    }
  }

  void through_slice(NodeId id, const Slice &slice, NodeId input, const Paths &paths) {
    const SliceRange range = slice_range(slice, channels(input));
    if (range.count != channels(id))
      return;
    arrive(input, paths.through(channels(input), [&](int c, auto add) { add(range.begin + c * slice.step, 1.0); }));
  }

  static std::vector<double> squares_of(const Floats &weights, std::size_t taps) {
    std::vector<double> squares(weights.size() / taps);
    const std::vector<float> &values = weights;
    for (std::size_t i = 0; i < squares.size(); ++i)
      for (std::size_t t = 0; t < taps; ++t)
        squares[i] += double(values[i * taps + t]) * values[i * taps + t];
    return squares;
  }

  const Graph &graph_;
  const std::vector<Shape> &shapes_;
  const std::vector<NodeId> &layers_;
  NodeId to_;
  std::map<NodeId, Paths> pending_;
};

std::vector<Tie> best_of(std::vector<Tie> all, std::size_t most) {
  std::erase_if(all, [](const Tie &tie) { return !(tie.strength > 0); });
  const auto ahead = [](const Tie &a, const Tie &b) {
    return a.strength != b.strength ? a.strength > b.strength
                                    : std::pair(a.layer, a.channel) < std::pair(b.layer, b.channel);
  };
  most = std::min(most, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most), all.end(), ahead);
  all.resize(most);
  return all;
}

} // namespace

std::vector<Ties> ties_between(const Graph &graph, const std::vector<Shape> &shapes,
                               const std::vector<NodeId> &layers) {
  std::vector<Ties> all;
  for (const NodeId to : layers) {
    Walk walk(graph, shapes, layers, to);
    walk.go();
    for (const auto &[from, squares] : walk.found) {
      Ties ties{from, to, shapes[static_cast<std::size_t>(from)].c, shapes[static_cast<std::size_t>(to)].c, {}};
      for (const double square : squares)
        ties.strength.push_back(static_cast<float>(std::sqrt(square)));
      all.push_back(std::move(ties));
    }
  }
  return all;
}

std::vector<Tie> strongest_before(const std::vector<Ties> &ties, NodeId layer, int channel, std::size_t most) {
  std::vector<Tie> all;
  for (const Ties &t : ties)
    for (int a = 0; t.to == layer && channel < t.channels_to && a < t.channels_from; ++a)
      all.push_back({t.from, a, t.strength[static_cast<std::size_t>(channel) * t.channels_from + a]});
  return best_of(std::move(all), most);
}

std::vector<Tie> strongest_behind(const std::vector<Ties> &ties, NodeId layer, int channel, std::size_t most) {
  std::vector<Tie> all;
  for (const Ties &t : ties)
    for (int b = 0; t.from == layer && channel < t.channels_from && b < t.channels_to; ++b)
      all.push_back({t.to, b, t.strength[static_cast<std::size_t>(b) * t.channels_from + channel]});
  return best_of(std::move(all), most);
}

} // namespace convscope
