#include "graph/shapes.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope {

namespace {

template <class... Ts> struct Overloaded : Ts... { using Ts::operator()...; };
template <class... Ts> Overloaded(Ts...) -> Overloaded<Ts...>;

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

std::string size_text(int w, int h) { return fmt::format("{}x{}", w, h); }
std::string shape_text(const Shape &shape) { return fmt::format("{}x{}x{}", shape.c, shape.h, shape.w); }

// One inference: the shapes so far, and the errors' context.
class Inference {
public:
  Inference(const Graph &graph, Shape input) : graph_(graph), shapes_(graph.nodes.size()), input_(input) {}

  void infer(NodeId id) {
    const Node &node = graph_.nodes[id];
    id_ = id;
    const Shape in = node.inputs.empty() ? input_ : shapes_[node.inputs[0]];
    shapes_[id] =
        std::visit(Overloaded{
                       [&](const Input &) { return input_; },
                       [&](const Conv &op) { return conv(op, in); },
                       [&](const Dense &op) { return dense(op, in); },
                       [&](const ScaleShift &op) { return scale_shift(op, in); },
                       [&](const Relu &) { return in; },
                       [&](const MaxPool &op) { return windowed(op.window, in, in.c); },
                       [&](const AvgPool &op) { return windowed(op.window, in, in.c); },
                       [&](const GlobalAvgPool &) {
                         return Shape{in.c, 1, 1};
                       },
                       [&](const GlobalMaxPool &) {
                         return Shape{in.c, 1, 1};
                       },
                       [&](const Add &) { return add(node); },
                       [&](const ZeroPad &op) {
                         return checked({in.c, in.h + op.pad.top + op.pad.bottom, in.w + op.pad.left + op.pad.right});
                       },
                       [&](const Flatten &) {
                         return Shape{flat(in), 1, 1};
                       },
                       [&](const Softmax &) { return in; },
                   },
                   node.op);
  }

  std::vector<Shape> take() { return std::move(shapes_); }

private:
  std::string subject() const { return fmt::format("{} of {}", visible_name(graph_, id_), graph_.name); }

  Shape checked(Shape shape) const {
    if (shape.h < 1 || shape.w < 1)
      throw UserError(fmt::format("{} needs a larger input: {} becomes {} there", subject(),
                                  size_text(input_.w, input_.h),
                                  size_text(std::max(shape.w, 0), std::max(shape.h, 0))));
    return shape;
  }

  Shape windowed(const Window &window, Shape in, int channels) const {
    const Window w = resolve_padding(window, in.h, in.w);
    return checked({channels, window_output(in.h, w.kernel_h, w.stride_h, w.dilation_h, w.pad.top, w.pad.bottom),
                    window_output(in.w, w.kernel_w, w.stride_w, w.dilation_w, w.pad.left, w.pad.right)});
  }

  Shape conv(const Conv &op, Shape in) const {
    const std::int64_t expected =
        std::int64_t{op.out_channels} * (in.c / op.groups) * op.window.kernel_h * op.window.kernel_w;
    const bool fits = op.weights.empty() || static_cast<std::int64_t>(op.weights.size()) == expected;
    if (in.c % op.groups != 0 || op.out_channels % op.groups != 0 || !fits)
      throw UserError(fmt::format("{} does not take a map of {} channels", subject(), in.c));
    return windowed(op.window, in, op.out_channels);
  }

  Shape dense(const Dense &op, Shape in) const {
    const auto takes = static_cast<std::int64_t>(op.weights.size()) / std::max(op.out_features, 1);
    if (!op.weights.empty() && takes != in.elements())
      throw UserError(dense_message(takes, in));
    return {op.out_features, 1, 1};
  }

  // Tells the map and the input that the layer needs, where its weights imply them.
  std::string dense_message(std::int64_t takes, Shape in) const {
    NodeId source = graph_.nodes[id_].inputs[0];
    if (std::holds_alternative<Flatten>(graph_.nodes[source].op))
      source = graph_.nodes[source].inputs[0];
    const Shape map = shapes_[source];
    const auto side = std::lround(std::sqrt(static_cast<double>(takes) / std::max(map.c, 1)));
    if (side < 1 || side * side * map.c != takes)
      return fmt::format("{} takes {} values, but an input of {} gives {}", subject(), takes,
                         size_text(input_.w, input_.h), in.elements());
    std::string trained_at;
    const int size = graph_.default_size;
    try {
      const Shape usual = infer_shapes(graph_, {input_.c, size, size}, source)[source];
      if (usual.h == side && usual.w == side)
        trained_at = fmt::format(" (input {})", size_text(size, size));
    } catch (const UserError &) {
      // The default size itself does not fit: the map's size alone has to do.
    }
    return fmt::format("{} needs a {}x{} map{}, but an input of {} gives {}", subject(), side, side, trained_at,
                       size_text(input_.w, input_.h), size_text(map.w, map.h));
  }

  Shape scale_shift(const ScaleShift &op, Shape in) const {
    if (!op.scale.empty() && static_cast<int>(op.scale.size()) != in.c)
      throw UserError(fmt::format("{} has {} channels, but its input has {}", subject(), op.scale.size(), in.c));
    return in;
  }

  Shape add(const Node &node) const {
    const Shape first = shapes_[node.inputs[0]];
    for (const NodeId other : node.inputs)
      if (shapes_[other] != first)
        throw UserError(fmt::format("{} can't add maps of {} and {} (input {})", subject(), shape_text(first),
                                    shape_text(shapes_[other]), size_text(input_.w, input_.h)));
    return first;
  }

  int flat(Shape in) const {
    if (in.elements() > INT32_MAX)
      throw UserError(fmt::format("{} needs a smaller input than {}", subject(), size_text(input_.w, input_.h)));
    return static_cast<int>(in.elements());
  }

  const Graph &graph_;
  std::vector<Shape> shapes_;
  Shape input_;
  NodeId id_ = 0;
};

} // namespace

std::vector<Shape> infer_shapes(const Graph &graph, Shape input, NodeId last) {
  if (input.c < 1 || input.h < 1 || input.w < 1)
    throw UserError(fmt::format("{} needs an input of at least 1x1, not {}", graph.name, size_text(input.w, input.h)));
  // Far above any device's limits, and far enough below INT_MAX for paddings.
  constexpr int largest = 1 << 20;
  if (input.h > largest || input.w > largest)
    throw UserError(fmt::format("{} can't take an input of {}: a side is at most {}", graph.name,
                                size_text(input.w, input.h), largest));
  Inference inference(graph, input);
  if (last < 0) {
    for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes.size()); ++id)
      inference.infer(id);
  } else {
    for (const NodeId id : ancestors(graph, {last}))
      inference.infer(id);
  }
  return inference.take();
}

Window resolve_padding(const Window &window, int in_h, int in_w) {
  if (!window.same)
    return window;
  // TensorFlow's rule: ceil(in / stride) outputs, the odd pixel of padding at the end.
  const auto total = [](int in, int kernel, int stride, int dilation) {
    const int out = (in + stride - 1) / stride;
    return std::max((out - 1) * stride + dilation * (kernel - 1) + 1 - in, 0);
  };
  const int h = total(in_h, window.kernel_h, window.stride_h, window.dilation_h);
  const int w = total(in_w, window.kernel_w, window.stride_w, window.dilation_w);
  Window resolved = window;
  resolved.same = false;
  resolved.pad = {h / 2, w / 2, h - h / 2, w - w / 2};
  return resolved;
}

int window_output(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end) {
  const int room = in + pad_begin + pad_end - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

NodeId find_layer(const Graph &graph, std::string_view name) {
  std::vector<std::string> names;
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    if (!graph.nodes[id].layer)
      continue;
    if (graph.nodes[id].name == name)
      return static_cast<NodeId>(id);
    names.push_back(graph.nodes[id].name);
  }
  std::string hint = did_you_mean(name, names);
  if (hint.empty())
    hint = fmt::format("; 'convscope layers --model {}' lists them", graph.name);
  throw UserError(fmt::format("no layer '{}' in {}{}", name, graph.name, hint));
}

std::vector<NodeId> ancestors(const Graph &graph, const std::vector<NodeId> &targets) {
  std::vector<bool> needed(graph.nodes.size());
  for (const NodeId target : targets)
    needed[target] = true;
  // Inputs have smaller ids than their users, so one pass from the end reaches them all.
  std::vector<NodeId> found;
  for (auto id = static_cast<NodeId>(graph.nodes.size()) - 1; id >= 0; --id) {
    if (!needed[id])
      continue;
    found.push_back(id);
    for (const NodeId input : graph.nodes[id].inputs)
      needed[input] = true;
  }
  std::reverse(found.begin(), found.end());
  return found;
}

double forward_flops(const Graph &graph, const std::vector<Shape> &shapes, const std::vector<NodeId> &nodes) {
  double multiply_adds = 0;
  for (const NodeId id : nodes) {
    const Node &node = graph.nodes[id];
    const auto outputs = static_cast<double>(shapes[id].elements());
    if (const auto *conv = std::get_if<Conv>(&node.op)) {
      const int channels = shapes[node.inputs[0]].c / conv->groups;
      multiply_adds += outputs * channels * conv->window.kernel_h * conv->window.kernel_w;
    } else if (std::holds_alternative<Dense>(node.op))
      multiply_adds += outputs * static_cast<double>(shapes[node.inputs[0]].elements());
    else if (std::holds_alternative<ScaleShift>(node.op))
      multiply_adds += outputs;
  }
  return 2 * multiply_adds;
}

std::string_view op_name(const Op &op) {
  constexpr std::string_view names[] = {"Input",   "Conv",    "Dense",         "ScaleShift",    "Relu",
                                        "MaxPool", "AvgPool", "GlobalAvgPool", "GlobalMaxPool", "Add",
                                        "ZeroPad", "Flatten", "Softmax"};
  static_assert(std::size(names) == std::variant_size_v<Op>);
  return names[op.index()];
}

} // namespace convscope
