#include "graph/shapes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/inference.h"
#include "graph/support.h"

namespace convscope {

namespace {

std::string size_text(int w, int h) { return fmt::format("{}x{}", w, h); }

// Negative ones, of a transposed convolution whose windows leave gaps, are all at the end.
Window split_padding(const Window &window, int h, int w) {
  const auto before = [&](int total) { return total < 0 ? 0 : window.same_lower ? total - total / 2 : total / 2; };
  const int first_h = before(h), first_w = before(w);
  Window resolved = window;
  resolved.same = resolved.same_lower = false;
  resolved.pad = {first_h, first_w, h - first_h, w - first_w};
  return resolved;
}

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
    for (const NodeId id : ancestors(graph, {last})) {
      if (std::holds_alternative<Unsupported>(graph.nodes[static_cast<std::size_t>(id)].op))
        throw UserError(unsupported_text(graph, id, last));
      inference.infer(id);
    }
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
  return split_padding(window, total(in_h, window.kernel_h, window.stride_h, window.dilation_h),
                       total(in_w, window.kernel_w, window.stride_w, window.dilation_w));
}

Window resolve_transposed_padding(const ConvTranspose &op) {
  const Window &window = op.window;
  if (!window.same)
    return window;
  // What is over stride * in is cut; where nothing is, the output has more rows or columns at the end.
  const auto total = [](int kernel, int stride, int dilation, int more) {
    return dilation * (kernel - 1) + 1 - stride + more;
  };
  return split_padding(window, total(window.kernel_h, window.stride_h, window.dilation_h, op.output_pad_h),
                       total(window.kernel_w, window.stride_w, window.dilation_w, op.output_pad_w));
}

int window_output(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end, bool ceil) {
  const int room = in + pad_begin + pad_end - (dilation * (kernel - 1) + 1);
  if (!ceil)
    return room < 0 ? 0 : room / stride + 1;
  const int outputs = room <= -stride ? 0 : (room + stride - 1) / stride + 1;
  // The last has to begin inside the input or the padding before it.
  return (outputs - 1) * stride < in + pad_begin ? outputs : outputs - 1;
}

SliceRange slice_range(const Slice &slice, int length) {
  if (slice.middle > 0)
    return {(length - slice.middle) / 2, length < slice.middle ? 0 : slice.middle};
  const auto clamped = [&](int index, int lowest, int highest) {
    const std::int64_t from_start = index < 0 ? std::int64_t{index} + length : index;
    return static_cast<int>(std::clamp<std::int64_t>(from_start, lowest, highest));
  };
  const bool forwards = slice.step > 0;
  const int begin = clamped(slice.begin, forwards ? 0 : -1, forwards ? length : length - 1);
  const int end = clamped(slice.end, forwards ? 0 : -1, forwards ? length : length - 1);
  const std::int64_t step = slice.step, span = std::int64_t{end} - begin;
  const std::int64_t count = step == 0 ? 0 : (span + step + (forwards ? -1 : 1)) / step;
  return {begin, static_cast<int>(std::max<std::int64_t>(count, 0))};
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
    } else if (const auto *transposed = std::get_if<ConvTranspose>(&node.op)) {
      const int channels = transposed->out_channels / transposed->groups;
      multiply_adds += static_cast<double>(shapes[node.inputs[0]].elements()) * channels * transposed->window.kernel_h *
                       transposed->window.kernel_w;
    } else if (std::holds_alternative<Dense>(node.op))
      multiply_adds += outputs * static_cast<double>(shapes[node.inputs[0]].elements());
    else if (std::holds_alternative<ScaleShift>(node.op))
      multiply_adds += outputs;
  }
  return 2 * multiply_adds;
}

bool is_view(const Op &op) {
  return std::holds_alternative<Flatten>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Identity>(op);
}

std::string_view op_name(const Op &op) {
  constexpr std::string_view names[] = {
      "Input",         "Constant", "Conv",     "ConvTranspose", "Dense",        "ScaleShift",     "Relu",
      "PRelu",         "Unary",    "Binary",   "Add",           "MaxPool",      "AvgPool",        "GlobalAvgPool",
      "GlobalMaxPool", "Reduce",   "Softmax",  "Normalize",     "Lrn",          "ZeroPad",        "Pad",
      "Concat",        "Slice",    "Resize",   "DepthToSpace",  "SpaceToDepth", "ChannelShuffle", "Transpose",
      "Flatten",       "Reshape",  "Identity", "Unsupported"};
  static_assert(std::size(names) == std::variant_size_v<Op>);
  return names[op.index()];
}

} // namespace convscope
