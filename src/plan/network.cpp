// Construction and the forward pass; the backward pass is in network_backward.cpp, convolutions in network_conv.cpp,
// pools in network_pools.cpp, what Concats join without copies in network_parts.cpp, the decisions in double in
// network_exact.cpp, ops that only move elements in network_moves.cpp.
#include "plan/network.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "plan/layout.h"

namespace convscope {

std::uint32_t GradientTarget::epilogue() const {
  const std::uint32_t adds = mask_of_sum ? gpu::EPILOGUE_ACCUMULATE : gpu::EPILOGUE_ADD_MASKED;
  return (accumulate ? adds : 0U) | (mask != TensorId::none ? gpu::EPILOGUE_MASK_READ : 0U);
}

Network::Network(Plan &plan, Weights &weights, const Graph &graph, const NetworkOptions &options)
    : plan_(plan), weights_(weights), graph_(graph), options_(options) {
  shapes_.resize(graph.nodes.size());
  shapes_.front() = options.input;
  for (NodeId target : options.targets) {
    const std::vector<Shape> shapes = infer_shapes(graph, options.input, target);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      if (shapes[i].elements() > 0)
        shapes_[i] = shapes[i];
  }
  ops_ = fuse(graph, options.targets);
  values_.assign(graph.nodes.size(), TensorId::none);
  gradients_.assign(graph.nodes.size(), TensorId::none);
  kept_.resize(graph.nodes.size());
  contributions_left_.assign(graph.nodes.size(), 0);
  passed_on_.assign(graph.nodes.size(), false);
  varies_.assign(graph.nodes.size(), false);
  varies_.front() = true;
  for (std::size_t i = 1; i < graph.nodes.size(); ++i)
    for (const NodeId input : graph.nodes[i].inputs)
      varies_[i] = varies_[i] || varies(input);

  check_fits(largest());
  find_parts();
}

NodeId Network::largest() const {
  NodeId found = 0;
  for (const FusedOp &op : ops_)
    if (shape(op.output).elements() > shape(found).elements())
      found = op.output;
  return found;
}

std::uint64_t Network::max_binding() const {
  const std::uint64_t asked = options_.max_binding_bytes, device = plan_.device().info().max_binding();
  return asked == 0 ? device : std::min(asked, device);
}

void Network::check_fits(NodeId id) const {
  const std::uint64_t limit = max_binding();
  const auto one = static_cast<std::uint64_t>(shape(id).elements()) * sizeof(float);
  const std::uint64_t all = one * static_cast<std::uint64_t>(options_.batch);
  if (all <= limit)
    return;
  const std::string what =
      fmt::format("{} of {} at input {}x{}", node(id).name, graph_.name, options_.input.w, options_.input.h);
  const std::string &device = plan_.device().info().name;
  if (one > limit)
    throw UserError(fmt::format("{} needs {} MiB for one image, but {} binds at most {} MiB: a smaller size would fit",
                                what, one >> 20, device, limit >> 20));
  throw UserError(fmt::format("{} needs {} MiB for {} images, but {} binds at most {} MiB: a batch of {} would fit",
                              what, all >> 20, options_.batch, device, limit >> 20, limit / one));
}

std::size_t Network::bytes(NodeId id) const {
  return static_cast<std::size_t>(shape(id).elements()) * static_cast<std::size_t>(options_.batch) * sizeof(float);
}

gpu::MapParams Network::map_params(NodeId id) const { return {options_.batch, shape(id).c, shape(id).h * shape(id).w}; }

gpu::ActivationParams Network::activation_params(const FusedOp &op) const {
  const auto [batch, channels, pixels] = map_params(op.output);
  const Clamp clamp = op.relu.value_or(Clamp{});
  return {batch, channels, pixels, clamp.low, clamp.high};
}

std::array<std::uint32_t, 3> Network::element_groups(NodeId id) const {
  return spread_groups(options_.batch * shape(id).elements());
}

std::array<std::uint32_t, 3> Network::map_groups(NodeId id) const {
  return spread_groups(std::int64_t{options_.batch} * mask_blocks(shape(id).c) * shape(id).h * shape(id).w);
}

std::array<std::uint32_t, 3> Network::quad_groups(NodeId id) const {
  return spread_groups(std::int64_t{options_.batch} * mask_blocks(shape(id).c) *
                       divide_up(shape(id).h * shape(id).w, 4));
}

std::uint32_t Network::whole_quads(NodeId id) const { return shape(id).h * shape(id).w % 4 == 0 ? 1U : 0U; }

NodeId Network::value_root(NodeId id) const {
  while (is_view(node(id).op))
    id = node(id).inputs.front();
  return id;
}

TensorId Network::make_mask(const FusedOp &op, bool zeros) {
  if (!wants_mask(op))
    return TensorId::none;
  const NodeId id = owner(op.output);
  TensorId &mask = kept_[static_cast<std::size_t>(id)].mask;
  if (mask != TensorId::none)
    return mask;
  const Shape &s = shape(id);
  const std::size_t words = static_cast<std::size_t>(options_.batch) * static_cast<std::size_t>(mask_blocks(s.c)) *
                            static_cast<std::size_t>(s.h * s.w);
  mask = plan_.transient(node(id).name + " mask", words * sizeof(std::uint32_t));
  if (zeros)
    plan_.fill(mask, 0);
  return mask;
}

void Network::forward(TensorId input) {
  values_.front() = input;
  for (const FusedOp &op : ops_)
    forward_op(op);
  if (decides_exactly())
    decide_exactly(input);
}

// One overload an op.
struct Network::Forward {
  Network &net;
  const FusedOp &op;

  void operator()(const Conv &) const { net.forward_conv(op); }
  void operator()(const ConvTranspose &) const { net.forward_conv(op); }
  void operator()(const Dense &) const { net.forward_dense(op); }
  void operator()(const ScaleShift &) const { net.forward_scale_shift(op); }
  void operator()(const Relu &) const { net.forward_scale_shift(op); }
  void operator()(const PRelu &) const { net.forward_unary(op); }
  void operator()(const Unary &) const { op.relu ? net.forward_scale_shift(op) : net.forward_unary(op); }
  void operator()(const Add &) const { net.forward_add(op); }
  void operator()(const MaxPool &) const { net.forward_max_pool(op); }
  void operator()(const GlobalMaxPool &) const { net.forward_reduce(op); }
  void operator()(const AvgPool &) const { net.forward_avg_pool(op); }
  void operator()(const GlobalAvgPool &) const { net.forward_reduce(op); }
  void operator()(const Binary &) const { net.forward_binary(op); }
  void operator()(const Reduce &) const { net.forward_reduce(op); }
  void operator()(const Normalize &) const { net.forward_normalize(op); }
  void operator()(const Lrn &) const { net.forward_lrn(op); }
  void operator()(const Softmax &) const { net.forward_softmax(op); }
  void operator()(const ZeroPad &pad) const {
    const NodeId in = op.inputs.front();
    net.pad(net.node(op.main).name, net.value(in), net.shape(in), net.shape(op.output), pad.pad.top, pad.pad.left,
            {net.value(op.output)});
  }
  void operator()(const Concat &) const { net.forward_copy(op); }
  void operator()(const Transpose &) const { net.forward_copy(op); }
  void operator()(const DepthToSpace &) const { net.forward_copy(op); }
  void operator()(const SpaceToDepth &) const { net.forward_copy(op); }
  void operator()(const ChannelShuffle &) const { net.forward_copy(op); }
  void operator()(const Slice &) const { net.forward_gather(op); }
  void operator()(const Pad &) const { net.forward_gather(op); }
  void operator()(const Resize &) const { net.forward_gather(op); }
  template <typename Other> void operator()(const Other &) const {
    throw std::logic_error("no kernel for " + net.node(op.main).name);
  }
};

void Network::forward_op(const FusedOp &op) {
  const Op &main = node(op.main).op;
  if (is_view(main) || std::holds_alternative<Constant>(main)) {
    values_[static_cast<std::size_t>(op.output)] =
        op.inputs.empty() ? constant_value<float>(op.main) : value(op.inputs.front());
    return;
  }
  if (is_whole(op))
    return; // its parts have written it
  values_[static_cast<std::size_t>(op.output)] = make_value(op.output);
  std::visit(Forward{*this, op}, main);
}

Window Network::window(const Window &window, NodeId input, const Padding &extra) const {
  Window resolved = resolve_padding(window, shape(input).h, shape(input).w);
  resolved.pad.top += extra.top;
  resolved.pad.left += extra.left;
  resolved.pad.bottom += extra.bottom;
  resolved.pad.right += extra.right;
  return resolved;
}

void Network::adjoint_conv(const std::string &label, const FusedOp &op, std::uint32_t epilogue,
                           const ConvBindings &bindings, NodeId norm) {
  const gpu::ConvParams forward = conv_params(op);
  const auto weights = [&] { return norm < 0 ? fold(graph_, op).weights : fold_before(graph_, norm, op); };
  const std::string name = norm < 0 ? folded_name(op) : fmt::format("{}+{}", key_of(norm), folded_name(op));
  const gpu::ConvParams of_net = params_of_net(op, forward);
  if (chooses_columns(of_net))
    return columns_adjoint(label, name, forward, weights, epilogue, bindings);
  if (chooses_depthwise_adjoint(of_net))
    return depthwise_adjoint_conv(label, name, forward, weights, epilogue, bindings);
  // A phase's weights follow from the padding, and that may follow from the input's size and from the cut.
  const std::string key = fmt::format("{}/gradient of pads {},{}", name, forward.pad_top, forward.pad_left);
  const std::vector<gpu::ConvParams> phases = gradient_phases(forward), of_net_phases = gradient_phases(of_net);
  for (std::size_t i = 0; i < phases.size(); ++i)
    conv(
        label, fmt::format("{} phase {},{}", key, phases[i].out_offset_h, phases[i].out_offset_w), phases[i],
        of_net_phases[i], [&] { return phase_weights(forward, phases[i], weights()); }, epilogue, bindings);
}

gpu::ConvParams Network::conv_params(const FusedOp &op) const {
  const NodeId in = op.inputs.front();
  gpu::ConvParams params;
  if (const auto *transposed = std::get_if<ConvTranspose>(&node(op.main).op)) {
    params = forward_params(resolve_transposed_padding(*transposed), transposed->groups, shape(op.output), shape(in),
                            options_.batch);
  } else {
    const auto &conv_op = std::get<Conv>(node(op.main).op);
    params = forward_params(window(conv_op.window, in, op.extra_pad), conv_op.groups, shape(in), shape(op.output),
                            options_.batch);
  }
  const Clamp clamp = op.relu.value_or(Clamp{});
  params.low = clamp.low;
  params.high = clamp.high;
  if (const Part &mine = part(op.output); mine.whole >= 0) {
    params.out_base = mine.channel * params.out_rows * params.out_cols;
    params.out_batch_stride = static_cast<int>(shape(mine.whole).elements());
  }
  return params;
}

gpu::ConvParams Network::params_of_net(const FusedOp &op, const gpu::ConvParams &forward) const {
  gpu::ConvParams of_net = forward;
  if (const int all = node(op.main).channels_of_net; all > 0)
    (forward.groups > 1 ? of_net.groups : of_net.out_c) = all; // depthwise, or one group
  return of_net;
}

// Files may give nodes one name: those after the first are told apart by their number among them, which is the same in
// every graph of a net.
std::string Network::key_of(NodeId id) const {
  const Node &own = node(id);
  const auto same = std::count_if(graph_.nodes.begin(), graph_.nodes.begin() + id,
                                  [&](const Node &other) { return other.name == own.name; });
  return same == 0 ? own.name + own.variant : fmt::format("{}{} ({})", own.name, own.variant, same + 1);
}

std::string Network::folded_name(const FusedOp &op) const {
  std::string name = key_of(op.main);
  for (NodeId norm : op.scale_shifts)
    name += fmt::format("+{}", key_of(norm));
  return name;
}

void Network::forward_conv(const FusedOp &op) {
  const auto *transposed = std::get_if<ConvTranspose>(&node(op.main).op);
  const std::vector<float> &bias = transposed ? transposed->bias : std::get<Conv>(node(op.main).op).bias;
  const NodeId in = op.inputs.front();
  const std::string key = folded_name(op);

  ConvBindings bindings{value(in), TensorId::none, value(op.output), TensorId::none, make_mask(op, true)};
  std::uint32_t epilogue = op.relu ? gpu::EPILOGUE_RELU : 0U;
  if (!bias.empty() || !op.scale_shifts.empty()) {
    epilogue |= gpu::EPILOGUE_BIAS;
    const std::string bias_key = fmt::format("{}/{}/bias", graph_.name, key);
    bindings.bias = plan_.external(bias_key, weights_.get(bias_key, [&] { return fold(graph_, op).bias; }));
  }
  if (op.residual >= 0) {
    epilogue |= gpu::EPILOGUE_RESIDUAL;
    bindings.residual = value(op.residual);
  }
  if (bindings.mask != TensorId::none)
    epilogue |= gpu::EPILOGUE_MASK_WRITE;
  if (transposed)
    return adjoint_conv(node(op.main).name, op, epilogue, bindings);
  const gpu::ConvParams params = conv_params(op);
  conv(
      node(op.main).name, key, params, params_of_net(op, params), [&] { return fold(graph_, op).weights; }, epilogue,
      bindings);
}

int Network::dense_rows_at_once(std::int64_t in_features) const {
  const std::uint64_t row = static_cast<std::uint64_t>(in_features) * sizeof(float);
  return static_cast<int>(std::clamp<std::uint64_t>(max_binding() / row, 1, max_groups_axis));
}

TensorId Network::dense_weights(const FusedOp &op, int first_row, int rows) {
  const auto &dense = std::get<Dense>(node(op.main).op);
  const std::string key = fmt::format("{}/{}/rows {}+{}", graph_.name, key_of(op.main), first_row, rows);
  const auto slice = weights_.get(key, [&] {
    const auto width = static_cast<std::ptrdiff_t>(dense.weights.size() / static_cast<std::size_t>(dense.out_features));
    const auto begin = dense.weights.begin() + first_row * width;
    return std::vector<float>(begin, begin + rows * width);
  });
  return plan_.external(key, slice);
}

void Network::forward_dense(const FusedOp &op) {
  const auto &dense = std::get<Dense>(node(op.main).op);
  const NodeId in = op.inputs.front();
  const auto in_features = static_cast<int>(shape(in).elements());
  const TensorId mask = make_mask(op, true);
  std::uint32_t epilogue = op.relu ? gpu::EPILOGUE_RELU : 0U;
  TensorId bias = value(in);
  if (!dense.bias.empty()) {
    epilogue |= gpu::EPILOGUE_BIAS;
    bias = constant(key_of(op.main) + "/bias", dense.bias);
  }
  if (mask != TensorId::none)
    epilogue |= gpu::EPILOGUE_MASK_WRITE;
  const Clamp clamp = op.relu.value_or(Clamp{});
  const int at_once = dense_rows_at_once(in_features);
  for (int first = 0; first < dense.out_features; first += at_once) {
    const int rows = std::min(at_once, dense.out_features - first);
    const gpu::DenseParams params{options_.batch, in_features, dense.out_features, first, rows, 0, 0,
                                  clamp.low,      clamp.high};
    const TensorId weights = dense_weights(op, first, rows);
    plan_.dispatch(node(op.main).name, plan_.programs().get("dense", {epilogue}),
                   {static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(options_.batch), 1}, params,
                   {reads(value(in)), reads(weights), reads(bias), writes(value(op.output)),
                    mask != TensorId::none ? updates(mask) : writes(value(op.output))},
                   2.0 * options_.batch * rows * in_features);
  }
}

void Network::forward_add(const FusedOp &op) {
  const TensorId out = value(op.output);
  const TensorId mask = make_mask(op);
  for (std::size_t i = 1; i < op.inputs.size(); ++i) {
    const bool last = i + 1 == op.inputs.size();
    const std::uint32_t epilogue = !last || !op.relu        ? 0U
                                   : mask != TensorId::none ? gpu::EPILOGUE_RELU | gpu::EPILOGUE_MASK_WRITE
                                                            : gpu::EPILOGUE_RELU;
    const TensorId left = i == 1 ? value(op.inputs[0]) : out;
    const TensorId right = value(op.inputs[i]);
    plan_.dispatch(
        node(op.main).name, plan_.programs().get("add", {epilogue, whole_quads(op.output)}), quad_groups(op.output),
        activation_params(op),
        {reads(left), reads(right), writes(out), writes((epilogue & gpu::EPILOGUE_MASK_WRITE) != 0 ? mask : out)});
  }
}

TensorId Network::scale_of(NodeId scale_shift) {
  const auto &scale = std::get<ScaleShift>(node(scale_shift).op).scale;
  return constant(key_of(scale_shift) + "/scale", std::vector<float>(scale.begin(), scale.end()));
}

void Network::forward_scale_shift(const FusedOp &op) {
  const TensorId in = value(op.inputs.front());
  const TensorId mask = make_mask(op);
  TensorId scale = in, shift = in;
  const auto *norm = std::get_if<ScaleShift>(&node(op.main).op);
  if (norm) {
    scale = scale_of(op.main);
    shift = constant(key_of(op.main) + "/shift", std::vector<float>(norm->shift.begin(), norm->shift.end()));
  }
  std::uint32_t epilogue = op.relu ? gpu::EPILOGUE_RELU : 0U;
  if (mask != TensorId::none)
    epilogue |= gpu::EPILOGUE_MASK_WRITE;
  const TensorId out = value(op.output);
  plan_.dispatch(node(op.main).name,
                 plan_.programs().get("scale_shift", {epilogue, whole_quads(op.output), norm ? 1U : 0U}),
                 quad_groups(op.output), activation_params(op),
                 {reads(in), reads(scale), reads(shift), writes(out), writes(mask != TensorId::none ? mask : out)});
}

void Network::pad(const std::string &label, TensorId from, const Shape &in, const Shape &out, int top, int left,
                  const GradientTarget &to) {
  const gpu::PadParams p{options_.batch, in.c, in.h, in.w, out.h, out.w, top, left};
  const std::int64_t threads =
      std::int64_t{options_.batch} * divide_up(out.c, gpu::THREAD_CHANNELS) * out.h * divide_up(out.w, 4);
  plan_.dispatch(label, plan_.programs().get("zero_pad", {to.epilogue(), multiples_of_4({out.w}) ? 1U : 0U}),
                 spread_groups(threads), p, {reads(from), to.use(), reads(to.mask_or(from))});
}

} // namespace convscope
