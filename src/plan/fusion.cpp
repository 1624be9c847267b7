#include "plan/fusion.h"

#include <algorithm>

#include "graph/readers.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

bool only_adds(const Padding &pad) { return pad.top >= 0 && pad.left >= 0 && pad.bottom >= 0 && pad.right >= 0; }

template <typename T> bool is(const Graph &graph, NodeId node) {
  return node >= 0 && std::holds_alternative<T>(graph.nodes[static_cast<std::size_t>(node)].op);
}

std::optional<Clamp> clamp(const Graph &graph, NodeId node) {
  constexpr float largest = std::numeric_limits<float>::max(); // shaders need not know infinity
  if (node < 0)
    return {};
  const Op &op = graph.nodes[static_cast<std::size_t>(node)].op;
  if (const auto *relu = std::get_if<Relu>(&op))
    return Clamp{0, std::min(relu->ceiling, largest)};
  if (const auto *unary = std::get_if<Unary>(&op); unary && unary->function == Function::clip)
    return Clamp{std::max(unary->a, -largest), std::min(unary->b, largest)};
  return {};
}

// Whether this node's reader, a convolution or a max pool, can do what it does by padding of its own. Cropped pixels
// must read as 0, so a crop can't be. A max pool's own padding never wins, where these zeros may: it has one or the
// other, and no window beyond them (`ceil`).
bool takes_in(const Graph &graph, NodeId reader, NodeId before) {
  const auto *zero_pad = std::get_if<ZeroPad>(&graph.nodes[static_cast<std::size_t>(before)].op);
  if (reader < 0 || !zero_pad || !only_adds(zero_pad->pad))
    return false;
  const Op &op = graph.nodes[static_cast<std::size_t>(reader)].op;
  if (const auto *conv = std::get_if<Conv>(&op))
    return !conv->window.same;
  const auto *pool = std::get_if<MaxPool>(&op);
  return pool && !pool->window.same && !pool->window.ceil && pool->window.pad == Padding{};
}

// In a dense block every Concat joins what the one before it joined, and one map more: it takes that one's value, so
// that it has two parts instead of dozens.
void take_prefix(const Graph &graph, const std::vector<FusedOp> &before, FusedOp &concat) {
  const auto axis = [&](NodeId node) { return std::get<Concat>(graph.nodes[static_cast<std::size_t>(node)].op).axis; };
  const std::vector<NodeId> &all = graph.nodes[static_cast<std::size_t>(concat.main)].inputs;
  std::size_t longest = 1;
  for (const FusedOp &op : before) {
    if (!is<Concat>(graph, op.main) || axis(op.main) != axis(concat.main))
      continue;
    const std::vector<NodeId> &parts = graph.nodes[static_cast<std::size_t>(op.main)].inputs;
    if (parts.size() <= longest || parts.size() > all.size() || !std::equal(parts.begin(), parts.end(), all.begin()))
      continue;
    longest = parts.size();
    concat.inputs.assign(all.begin() + static_cast<std::ptrdiff_t>(longest), all.end());
    concat.inputs.insert(concat.inputs.begin(), op.output);
  }
}

} // namespace

std::vector<FusedOp> fuse(const Graph &graph, const std::vector<NodeId> &targets) {
  const std::vector<NodeId> cut = ancestors(graph, targets);
  const Readers consumers = readers(graph, targets);

  std::vector<bool> absorbed(graph.nodes.size());
  const auto absorb = [&](NodeId node) { absorbed[static_cast<std::size_t>(node)] = true; };
  std::vector<FusedOp> ops;
  for (NodeId node : cut) {
    if (absorbed[static_cast<std::size_t>(node)] || is<Input>(graph, node))
      continue;
    if (takes_in(graph, consumers.only(node), node))
      continue; // below

    FusedOp op;
    op.main = op.output = node;
    op.inputs = graph.nodes[static_cast<std::size_t>(node)].inputs;
    if (const NodeId pad = op.inputs.empty() ? -1 : op.inputs.front();
        pad >= 0 && consumers.only(pad) == node && takes_in(graph, node, pad)) {
      op.extra_pad = std::get<ZeroPad>(graph.nodes[static_cast<std::size_t>(pad)].op).pad;
      op.inputs = graph.nodes[static_cast<std::size_t>(pad)].inputs;
    }
    const bool is_conv = is<Conv>(graph, node) || is<ConvTranspose>(graph, node);
    if (is_conv) {
      for (NodeId next = consumers.only(node); is<ScaleShift>(graph, next); next = consumers.only(next)) {
        op.scale_shifts.push_back(next);
        op.output = next;
        absorb(next);
      }
      const NodeId add = consumers.only(op.output);
      if (is<Add>(graph, add) && !absorbed[static_cast<std::size_t>(add)]) {
        const std::vector<NodeId> &terms = graph.nodes[static_cast<std::size_t>(add)].inputs;
        if (terms.size() == 2 && terms[0] != terms[1]) {
          op.residual = terms[0] == op.output ? terms[1] : terms[0];
          op.output = add;
          absorb(add);
        }
      }
    }
    const bool takes_relu = is_conv || is<Dense>(graph, node) || is<ScaleShift>(graph, node) || is<Add>(graph, node);
    if (const NodeId relu = consumers.only(op.output); takes_relu && clamp(graph, relu)) {
      op.relu = clamp(graph, relu);
      op.output = relu;
      absorb(relu);
    } else {
      op.relu = clamp(graph, node);
    }
    if (is<Concat>(graph, node))
      take_prefix(graph, ops, op);
    ops.push_back(std::move(op));
  }
  // An op runs where its last node stands: by then all that it reads is written.
  std::stable_sort(ops.begin(), ops.end(), [](const FusedOp &a, const FusedOp &b) { return a.output < b.output; });
  return ops;
}

Affine affine(const Graph &graph, const FusedOp &op) {
  const Op &main = graph.nodes[static_cast<std::size_t>(op.main)].op;
  if (const auto *norm = std::get_if<ScaleShift>(&main))
    return {norm->scale, norm->shift};
  const auto *conv = std::get_if<Conv>(&main);
  const auto *transposed = std::get_if<ConvTranspose>(&main);
  const auto *dense = std::get_if<Dense>(&main);
  if (!conv && !transposed && !dense)
    return {};
  const std::vector<float> &bias = conv ? conv->bias : transposed ? transposed->bias : dense->bias;
  if (bias.empty() && op.scale_shifts.empty())
    return {};
  const auto channels = static_cast<std::size_t>(conv         ? conv->out_channels
                                                 : transposed ? transposed->out_channels
                                                              : dense->out_features);
  Affine result{std::vector<double>(channels, 1), std::vector<double>(bias.begin(), bias.end())};
  result.shift.resize(channels, 0);
  for (NodeId node : op.scale_shifts) {
    const auto &norm = std::get<ScaleShift>(graph.nodes[static_cast<std::size_t>(node)].op);
    for (std::size_t c = 0; c < channels; ++c) {
      result.scale[c] *= norm.scale[c];
      result.shift[c] = result.shift[c] * norm.scale[c] + norm.shift[c];
    }
  }
  return result;
}

FoldedConv fold(const Graph &graph, const FusedOp &op) {
  const Op &main = graph.nodes[static_cast<std::size_t>(op.main)].op;
  const auto *conv = std::get_if<Conv>(&main);
  const auto *transposed = std::get_if<ConvTranspose>(&main);
  FoldedConv folded = conv ? FoldedConv{conv->weights, conv->bias} : FoldedConv{transposed->weights, transposed->bias};
  if (op.scale_shifts.empty())
    return folded;
  const auto [scale, shift] = affine(graph, op);
  // Weights stand by output channel, or, transposed, by input channel and then by the output channels of its group.
  const auto groups = static_cast<std::size_t>(conv ? 1 : transposed->groups);
  const Window &window = conv ? conv->window : transposed->window;
  const std::size_t a_group = folded.weights.size() / groups, channels = scale.size() / groups;
  const std::size_t a_channel =
      conv ? a_group / channels : static_cast<std::size_t>(window.kernel_h) * static_cast<std::size_t>(window.kernel_w);
  for (std::size_t i = 0; i < folded.weights.size(); ++i) {
    const std::size_t channel = i / a_group * channels + i / a_channel % channels;
    folded.weights[i] = static_cast<float>(folded.weights[i] * scale[channel]);
  }
  folded.bias.assign(shift.begin(), shift.end());
  return folded;
}

std::vector<float> fold_before(const Graph &graph, NodeId norm, const FusedOp &op) {
  const auto node = [&](NodeId id) -> const Op & { return graph.nodes[static_cast<std::size_t>(id)].op; };
  const auto &conv = std::get<Conv>(node(op.main));
  const auto &scale = std::get<ScaleShift>(node(norm)).scale;
  std::vector<float> weights = fold(graph, op).weights; // (out_channels, channels of a group, kernel_h, kernel_w)
  const auto groups = static_cast<std::size_t>(conv.groups);
  const auto taps = static_cast<std::size_t>(conv.window.kernel_h) * static_cast<std::size_t>(conv.window.kernel_w);
  const std::size_t a_group = weights.size() / groups, channels = scale.size() / groups;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(weights[i] * scale[i / a_group * channels + i / taps % channels]);
  return weights;
}

} // namespace convscope
