#include "graph/inference.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "graph/support.h"

namespace convscope {

namespace {

// What errors call a node: an inner step goes by the layer that it belongs to.
const std::string &visible_name(const Graph &graph, NodeId id) {
  const auto uses = [&](const Node &node) {
    return std::find(node.inputs.begin(), node.inputs.end(), id) != node.inputs.end();
  };
  while (!graph.nodes[id].layer) {
    const auto user = std::find_if(graph.nodes.begin() + id + 1, graph.nodes.end(), uses);
    if (user == graph.nodes.end())
      break;
    id = static_cast<NodeId>(user - graph.nodes.begin());
  }
  return graph.nodes[id].name;
}

std::string size_text(std::int64_t w, std::int64_t h) { return fmt::format("{}x{}", w, h); }
std::string shape_text(const Shape &shape) { return fmt::format("{}x{}x{}", shape.c, shape.h, shape.w); }

} // namespace

struct Inference::Visitor {
  const Inference &at;

  Shape in(std::size_t i = 0) const { return at.in(i); }
  std::size_t inputs() const { return at.graph_.nodes[at.id_].inputs.size(); }

  Shape operator()(const Input &) const { return at.input_; }
  Shape operator()(const Constant &op) const { return op.shape; }

  Shape operator()(const Conv &op) const {
    const std::int64_t expected =
        std::int64_t{op.out_channels} * (in().c / op.groups) * op.window.kernel_h * op.window.kernel_w;
    takes_channels(op.groups, op.out_channels, op.weights, expected);
    return at.windowed(op.window, op.out_channels);
  }

  Shape operator()(const ConvTranspose &op) const {
    const std::int64_t expected =
        std::int64_t{in().c} * (op.out_channels / op.groups) * op.window.kernel_h * op.window.kernel_w;
    takes_channels(op.groups, op.out_channels, op.weights, expected);
    const Window window = resolve_transposed_padding(op);
    const auto length = [](int in, int kernel, int stride, int dilation, int pads, int more) {
      return (std::int64_t{in} - 1) * stride + std::int64_t{dilation} * (kernel - 1) + 1 - pads + more;
    };
    return at.checked(op.out_channels,
                      length(in().h, window.kernel_h, window.stride_h, window.dilation_h,
                             window.pad.top + window.pad.bottom, op.output_pad_h),
                      length(in().w, window.kernel_w, window.stride_w, window.dilation_w,
                             window.pad.left + window.pad.right, op.output_pad_w));
  }

  void takes_channels(int groups, int out, const std::vector<float> &weights, std::int64_t expected) const {
    const bool fits = weights.empty() || static_cast<std::int64_t>(weights.size()) == expected;
    if (in().c % groups != 0 || out % groups != 0 || !fits)
      throw UserError(fmt::format("{} does not take a map of {} channels", at.subject(), in().c));
  }

  Shape operator()(const Dense &op) const {
    const auto takes = static_cast<std::int64_t>(op.weights.size()) / std::max(op.out_features, 1);
    if (!op.weights.empty() && takes != in().elements())
      throw UserError(at.dense_message(takes));
    return {op.out_features, 1, 1};
  }

  Shape operator()(const ScaleShift &op) const { return per_channel(op.scale.size()); }
  Shape operator()(const PRelu &op) const { return per_channel(op.slopes.size()); }
  Shape per_channel(std::size_t channels) const {
    if (channels != 0 && static_cast<int>(channels) != in().c)
      throw UserError(fmt::format("{} has {} channels, but its input has {}", at.subject(), channels, in().c));
    return in();
  }

  Shape operator()(const Relu &) const { return in(); }
  Shape operator()(const Unary &) const { return in(); }
  Shape operator()(const Softmax &) const { return in(); }
  Shape operator()(const Lrn &) const { return in(); }
  Shape operator()(const Identity &) const { return in(); }

  Shape operator()(const Binary &) const {
    Shape result = in(0);
    for (const Axis axis : {Axis::c, Axis::h, Axis::w}) {
      const int other = in(1).side(axis);
      if (result.side(axis) == 1)
        result.side(axis) = other;
      else if (other != 1 && other != result.side(axis))
        at.fail(fmt::format("can't combine maps of {} and {}", shape_text(in(0)), shape_text(in(1))));
    }
    return result;
  }

  Shape operator()(const Add &) const {
    for (std::size_t i = 1; i < inputs(); ++i)
      if (in(i) != in())
        at.fail(fmt::format("can't add maps of {} and {}", shape_text(in()), shape_text(in(i))));
    return in();
  }

  Shape operator()(const MaxPool &op) const { return at.windowed(op.window, in().c); }
  Shape operator()(const AvgPool &op) const { return at.windowed(op.window, in().c); }
  Shape operator()(const GlobalAvgPool &) const { return {in().c, 1, 1}; }
  Shape operator()(const GlobalMaxPool &) const { return {in().c, 1, 1}; }

  Shape operator()(const Reduce &op) const {
    return {op.axes.c ? 1 : in().c, op.axes.h ? 1 : in().h, op.axes.w ? 1 : in().w};
  }

  Shape operator()(const Normalize &op) const {
    if (op.groups < 1 || in().c % op.groups != 0)
      at.fail(fmt::format("can't divide {} channels into {} groups", in().c, op.groups));
    return in();
  }

  Shape operator()(const ZeroPad &op) const { return padded(op.pad, 0); }
  Shape operator()(const Pad &op) const {
    const Padding &pad = op.pad;
    const int longest_h = std::max(pad.top, pad.bottom), longest_w = std::max(pad.left, pad.right);
    const bool repeats = op.mode == PadMode::reflect || op.mode == PadMode::wrap;
    const int room = op.mode == PadMode::reflect ? 1 : 0; // the edge itself is not repeated
    if (repeats && (longest_h > in().h - room || longest_w > in().w - room))
      at.fail(fmt::format("pads a map of {} by more than it holds", size_text(in().w, in().h)));
    if (repeats && std::max(op.channels_before, op.channels_after) > in().c - room)
      at.fail(fmt::format("pads a map of {} channels by more than it holds", in().c));
    return padded(pad, op.channels_before + op.channels_after);
  }
  Shape padded(const Padding &pad, int channels) const {
    return at.checked(std::int64_t{in().c} + channels, std::int64_t{in().h} + pad.top + pad.bottom,
                      std::int64_t{in().w} + pad.left + pad.right);
  }

  Shape operator()(const Concat &op) const {
    Shape result = in();
    std::int64_t length = 0;
    for (std::size_t i = 0; i < inputs(); ++i) {
      Shape other = in(i);
      length += other.side(op.axis);
      other.side(op.axis) = result.side(op.axis);
      if (other != result)
        at.fail(fmt::format("can't join maps of {} and {}", shape_text(in()), shape_text(in(i))));
    }
    if (length > INT32_MAX)
      at.fail("joins too many values");
    result.side(op.axis) = static_cast<int>(length);
    return result;
  }

  Shape operator()(const Slice &op) const {
    Shape result = in();
    result.side(op.axis) = slice_range(op, result.side(op.axis)).count;
    if (result.side(op.axis) < 1 && op.middle > 0)
      at.fail(fmt::format("takes {} values in the middle of a map of {}", op.middle, shape_text(in())));
    if (result.side(op.axis) < 1)
      at.fail(fmt::format("takes nothing of a map of {}", shape_text(in())));
    return result;
  }

  Shape operator()(const Resize &op) const {
    const auto length = [](int in, double scale, int out) {
      return out > 0 ? std::int64_t{out} : static_cast<std::int64_t>(std::floor(std::min(in * scale, 1e9)));
    };
    return at.checked(in().c, length(in().h, op.scale_h, op.out_h), length(in().w, op.scale_w, op.out_w));
  }

  Shape operator()(const DepthToSpace &op) const {
    if (in().c % (op.block * op.block) != 0)
      at.fail(fmt::format("can't divide {} channels into {}x{} pixels", in().c, op.block, op.block));
    return at.checked(in().c / (op.block * op.block), std::int64_t{in().h} * op.block, std::int64_t{in().w} * op.block);
  }
  Shape operator()(const SpaceToDepth &op) const {
    if (in().h % op.block != 0 || in().w % op.block != 0)
      at.fail(
          fmt::format("can't divide a map of {} into blocks of {}x{}", size_text(in().w, in().h), op.block, op.block));
    return at.checked(std::int64_t{in().c} * op.block * op.block, in().h / op.block, in().w / op.block);
  }
  Shape operator()(const ChannelShuffle &op) const {
    if (op.groups < 1 || in().c % op.groups != 0)
      at.fail(fmt::format("can't divide {} channels into {} groups", in().c, op.groups));
    return in();
  }
  Shape operator()(const Transpose &op) const {
    return {in().side(op.order[0]), in().side(op.order[1]), in().side(op.order[2])};
  }
  Shape operator()(const Flatten &) const { return at.checked(in().elements(), 1, 1); }

  Shape operator()(const Reshape &op) const {
    Shape result = op.shape;
    std::int64_t left = in().elements(); // of which the known sides take their parts
    for (const Axis axis : {Axis::c, Axis::h, Axis::w}) {
      const int side = result.side(axis);
      if (side != -1 && (side < 1 || left % side != 0))
        at.fail(fmt::format("can't make {} of {}", shape_text(op.shape), shape_text(in())));
      left /= std::max(side, 1);
    }
    for (const Axis axis : {Axis::c, Axis::h, Axis::w})
      if (result.side(axis) == -1)
        result.side(axis) = static_cast<int>(std::exchange(left, 1));
    if (left != 1)
      at.fail(fmt::format("can't make {} of {}", shape_text(op.shape), shape_text(in())));
    return result;
  }

  Shape operator()(const Unsupported &) const { throw UserError(unsupported_text(at.graph_, at.id_)); }
};

void Inference::infer(NodeId id) {
  id_ = id;
  shapes_.resize(std::max(shapes_.size(), static_cast<std::size_t>(id) + 1));
  shapes_[static_cast<std::size_t>(id)] = std::visit(Visitor{*this}, graph_.nodes[static_cast<std::size_t>(id)].op);
}

std::string Inference::subject() const { return fmt::format("{} of {}", visible_name(graph_, id_), graph_.name); }
std::string Inference::input_text() const { return size_text(input_.w, input_.h); }

void Inference::fail(const std::string &what) const {
  throw UserError(fmt::format("{} {} (input {})", subject(), what, input_text()));
}

Shape Inference::checked(std::int64_t c, std::int64_t h, std::int64_t w) const {
  if (h < 1 || w < 1 || c < 1)
    throw InputTooSmall(fmt::format("{} needs a larger input: {} becomes {} there", subject(), input_text(),
                                    size_text(std::max<std::int64_t>(w, 0), std::max<std::int64_t>(h, 0))));
  // Far above any device's memory, and far enough below INT_MAX for indices.
  constexpr std::int64_t most = INT32_MAX;
  if (c > most || h > most || w > most || h * w > most || c > most / (h * w))
    throw UserError(fmt::format("{} needs a smaller input than {}", subject(), input_text()));
  return {static_cast<int>(c), static_cast<int>(h), static_cast<int>(w)};
}

Shape Inference::windowed(const Window &window, int channels) const {
  const Shape from = in();
  const Window w = resolve_padding(window, from.h, from.w);
  return checked(channels, window_output(from.h, w.kernel_h, w.stride_h, w.dilation_h, w.pad.top, w.pad.bottom, w.ceil),
                 window_output(from.w, w.kernel_w, w.stride_w, w.dilation_w, w.pad.left, w.pad.right, w.ceil));
}

// Tells the map that the layer needs: the one that the net's own input gives, else a square one where its weights imply
// that.
std::string Inference::dense_message(std::int64_t takes) const {
  NodeId source = graph_.nodes[id_].inputs[0];
  if (std::holds_alternative<Flatten>(graph_.nodes[source].op))
    source = graph_.nodes[source].inputs[0];
  if (std::holds_alternative<Transpose>(graph_.nodes[source].op)) // to Keras's order
    source = graph_.nodes[source].inputs[0];
  const Shape map = shapes_[source];
  const auto needs = [&](std::int64_t w, std::int64_t h, const std::string &at) {
    return fmt::format("{} needs a {} map{}, but an input of {} gives {}", subject(), size_text(w, h), at, input_text(),
                       size_text(map.w, map.h));
  };
  try {
    const Shape usual = infer_shapes(graph_, graph_.input, source)[source];
    if (usual.elements() == takes)
      return needs(usual.w, usual.h, fmt::format(" (input {})", size_text(graph_.input.w, graph_.input.h)));
  } catch (const UserError &) {
    // The net's own input does not fit.
  }
  const auto length = std::lround(std::sqrt(static_cast<double>(takes) / std::max(map.c, 1)));
  if (length >= 1 && length * length * map.c == takes && map.w == map.h)
    return needs(length, length, "");
  return fmt::format("{} takes {} values, but an input of {} gives {}", subject(), takes, input_text(),
                     in().elements());
}

} // namespace convscope
