// The backward pass: the gradient of objectives with respect to the input.
#include "plan/network.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "graph/shapes.h"
#include "plan/layout.h"

namespace convscope {

TensorId Network::backward(const std::vector<Seed> &seeds) {
  for (const FusedOp &op : ops_) {
    if (is_view(node(op.main).op))
      continue;
    for (NodeId input : op.inputs)
      ++contributions_left_[static_cast<std::size_t>(value_root(input))];
    if (op.residual >= 0)
      ++contributions_left_[static_cast<std::size_t>(value_root(op.residual))];
  }
  for (const auto &[target, seed] : seeds)
    ++contributions_left_[static_cast<std::size_t>(value_root(target))];

  for (const auto &[target, seed] : seeds)
    contribute(target, seed);
  for (std::size_t i = ops_.size(); i-- > 0;)
    backward_op(ops_[i]);
  if (gradients_.front() == TensorId::none) { // nothing of the input reaches the targets
    gradients_.front() = plan_.transient("no gradient", bytes(0));
    plan_.fill(gradients_.front(), 0);
  }
  return gradients_.front();
}

void Network::contribute(NodeId to, const Contribution &write) {
  const NodeId root = value_root(to);
  if (!varies(root))
    return;
  const auto index = static_cast<std::size_t>(root);
  GradientTarget target;
  target.accumulate = gradients_[index] != TensorId::none;
  if (!target.accumulate)
    gradients_[index] = plan_.transient(node(root).name + " gradient", bytes(root));
  target.tensor = gradients_[index];
  const TensorId mask = next_mask(root);
  --contributions_left_[index];
  if (mask == TensorId::none) {
    write(target);
    return;
  }
  const auto write_masked = [&] {
    GradientTarget masked = target;
    if (shape(to).c == shape(root).c) {
      masked.mask = mask;
      write(masked);
      return;
    }
    // To a view of another shape a kernel writes by that shape, but the mask's words are the root's.
    write(target);
    plan_.dispatch(node(root).name + " mask",
                   plan_.programs().get("scale_grad", {gpu::EPILOGUE_MASK_READ, whole_quads(root), 0U}),
                   quad_groups(root), map_params(root),
                   {reads(target.tensor), reads(target.tensor), updates(target.tensor), reads(mask)});
  };
  by_variant(mask, write_masked, [&] {
    write(target);
    redirect(root, target.tensor, mask);
  });
}

TensorId Network::next_mask(NodeId root) const {
  const auto index = static_cast<std::size_t>(root);
  return contributions_left_[index] == 1 ? kept_[index].mask : TensorId::none;
}

void Network::by_variant(TensorId mask, const std::function<void()> &usual, const std::function<void()> &revive) {
  if (!options_.revive || mask == TensorId::none) {
    usual();
    return;
  }
  plan_.set_variant(Variant::usual);
  usual();
  plan_.set_variant(Variant::revive);
  revive();
  plan_.set_variant(Variant::both);
}

void Network::redirect(NodeId root, TensorId gradient, TensorId mask) {
  const std::string label = node(root).name + " revive";
  const TensorId found = plan_.transient(label, static_cast<std::size_t>(options_.batch) * sizeof(std::uint32_t));
  plan_.fill(found, 0);
  plan_.dispatch(label, plan_.programs().get("relu_blocked"), map_groups(root), map_params(root),
                 {reads(gradient), reads(mask), updates(found)});
  plan_.dispatch(label, plan_.programs().get("relu_redirect"), map_groups(root), map_params(root),
                 {updates(gradient), reads(mask), reads(found)});
}

// One overload an op; `from` is the gradient at its output.
struct Network::Backward {
  Network &net;
  const FusedOp &op;
  TensorId from;

  std::string label() const { return net.node(op.main).name + " gradient"; }

  void operator()(const Conv &) const { net.backward_conv(op, from); }
  void operator()(const ConvTranspose &) const { net.backward_conv(op, from); }
  void operator()(const Dense &) const { net.backward_dense(op, from); }
  void operator()(const ScaleShift &) const {
    net.contribute(op.inputs.front(), [&](const GradientTarget &to) { net.scale_gradient(op, from, to); });
  }
  void operator()(const Relu &) const { pass(); }
  void operator()(const PRelu &) const { net.backward_unary(op, from); }
  void operator()(const Unary &) const { op.relu ? pass() : net.backward_unary(op, from); }
  void operator()(const Add &) const { pass(); }
  void operator()(const MaxPool &) const { net.backward_max_pool(op, from); }
  void operator()(const GlobalMaxPool &) const { net.backward_reduce(op, from); }
  void operator()(const AvgPool &) const { net.backward_avg_pool(op, from); }
  void operator()(const GlobalAvgPool &) const { net.backward_reduce(op, from); }
  void operator()(const Binary &) const { net.backward_binary(op, from); }
  void operator()(const Reduce &) const { net.backward_reduce(op, from); }
  void operator()(const Normalize &) const { net.backward_normalize(op, from); }
  void operator()(const Lrn &) const { net.backward_lrn(op, from); }
  void operator()(const Softmax &) const { net.backward_softmax(op, from); }
  void operator()(const ZeroPad &pad) const {
    const NodeId in = op.inputs.front();
    net.contribute(in, [&](const GradientTarget &to) {
      net.pad(label(), from, net.shape(op.output), net.shape(in), -pad.pad.top, -pad.pad.left, to);
    });
  }
  void operator()(const Concat &) const { net.backward_copy(op, from); }
  void operator()(const Transpose &) const { net.backward_copy(op, from); }
  void operator()(const DepthToSpace &) const { net.backward_copy(op, from); }
  void operator()(const SpaceToDepth &) const { net.backward_copy(op, from); }
  void operator()(const ChannelShuffle &) const { net.backward_copy(op, from); }
  void operator()(const Slice &) const { net.backward_gather(op, from); }
  void operator()(const Pad &) const { net.backward_gather(op, from); }
  void operator()(const Resize &) const { net.backward_gather(op, from); }
  template <typename Other> void operator()(const Other &) const {
    throw std::logic_error("no gradient of " + net.node(op.main).name);
  }

  void pass() const { // the same to all inputs
    for (std::size_t i = 0; i < op.inputs.size(); ++i)
      if (i + 1 < op.inputs.size() || !net.hand_over(op.inputs[i], from))
        net.pass_gradient(label(), op.inputs[i], from);
  }
};

void Network::backward_op(const FusedOp &op) {
  const Op &main = node(op.main).op;
  if (is_view(main) || !varies(op.output) || passed_on_[static_cast<std::size_t>(op.output)])
    return;
  const TensorId from = gradients_.at(static_cast<std::size_t>(op.output));
  if (from == TensorId::none)
    throw std::logic_error(node(op.output).name + " is a target without a seed");
  if (is_whole(op)) { // where its parts will read it
    for (const NodeId input : op.inputs)
      gradients_[static_cast<std::size_t>(input)] = from;
    return;
  }
  std::visit(Backward{*this, op, from}, main);
  if (op.residual >= 0 && !hand_over(op.residual, from))
    pass_gradient(node(op.output).name + " gradient", op.residual, from);
}

bool Network::hand_over(NodeId to, TensorId from) {
  const NodeId root = value_root(to);
  const auto index = static_cast<std::size_t>(root);
  if (!varies(root) || gradients_[index] != TensorId::none || next_mask(root) != TensorId::none)
    return false;
  gradients_[index] = from;
  --contributions_left_[index];
  return true;
}

void Network::pass_gradient(const std::string &label, NodeId to, TensorId from) {
  const NodeId root = value_root(to);
  contribute(root, [&](const GradientTarget &target) {
    plan_.dispatch(label, plan_.programs().get("scale_grad", {target.epilogue(), whole_quads(root), 0U}),
                   quad_groups(root), map_params(root),
                   {reads(from), reads(from), target.use(), reads(target.mask_or(from))});
  });
}

void Network::scale_gradient(const FusedOp &norm, TensorId from, const GradientTarget &to) {
  const NodeId in = norm.inputs.front();
  plan_.dispatch(node(norm.main).name + " gradient",
                 plan_.programs().get("scale_grad", {to.epilogue(), whole_quads(in), 1U}), quad_groups(in),
                 map_params(in), {reads(from), reads(scale_of(norm.main)), to.use(), reads(to.mask_or(from))});
}

// The batch-norm before a convolution that is its only reader (pre-activation nets): its scale goes into the weights by
// which the gradient comes back, and its ReLU's mask before what else the gradient of its input has. nullptr where
// there is none, or where that won't do.
const FusedOp *Network::scaled_norm(const FusedOp &conv) const {
  // fp32 keeps to the definition's products, fp16 to a half's range.
  if (options_.precision != Precision::fast || !std::holds_alternative<Conv>(node(conv.main).op))
    return nullptr;
  const NodeId out = conv.inputs.front();
  const auto norm = std::ranges::find(ops_, out, &FusedOp::output);
  if (norm == ops_.end() || !std::holds_alternative<ScaleShift>(node(norm->main).op) ||
      contributions_left_[static_cast<std::size_t>(out)] != 1 ||
      gradients_[static_cast<std::size_t>(out)] != TensorId::none)
    return nullptr;
  const NodeId in = value_root(norm->inputs.front());
  return varies(in) && next_mask(in) == TensorId::none ? &*norm : nullptr; // two masks won't do
}

void Network::backward_conv(const FusedOp &op, TensorId from) {
  const std::string label = node(op.main).name + " gradient";
  const auto write = [&](const GradientTarget &to, NodeId norm) {
    const TensorId held = to.accumulate ? to.tensor : TensorId::none; // vector_epilogue.glsl
    const ConvBindings bindings{from, TensorId::none, to.tensor, held, to.mask};
    if (std::holds_alternative<Conv>(node(op.main).op))
      return adjoint_conv(label, op, to.epilogue(), bindings, norm);
    const gpu::ConvParams params = conv_params(op);
    conv(
        label, folded_name(op), params, params, [&] { return fold(graph_, op).weights; }, to.epilogue(), bindings);
  };
  const FusedOp *norm = scaled_norm(op);
  if (norm == nullptr) {
    contribute(op.inputs.front(), [&](const GradientTarget &to) { write(to, -1); });
    return;
  }
  const NodeId out = norm->output;
  const TensorId mask = kept_[static_cast<std::size_t>(out)].mask;
  passed_on_[static_cast<std::size_t>(out)] = true;
  contribute(norm->inputs.front(), [&](const GradientTarget &to) {
    GradientTarget through = to;
    through.mask = mask;
    through.mask_of_sum = false;
    by_variant(
        mask, [&] { write(through, norm->main); },
        [&] { // looks at the gradient before the mask
          const TensorId blocked = plan_.transient(node(out).name + " gradient", bytes(out));
          write({blocked}, -1);
          redirect(out, blocked, mask);
          scale_gradient(*norm, blocked, to);
        });
  });
}

void Network::backward_dense(const FusedOp &op, TensorId from) {
  const auto &dense = std::get<Dense>(node(op.main).op);
  const NodeId in = value_root(op.inputs.front());
  const auto in_features = static_cast<int>(shape(in).elements());
  const Shape &masked = shape(in);
  const int at_once = dense_rows_at_once(in_features);
  const auto [x, layers] = layered_groups((in_features + 63) / 64);
  const std::array<std::uint32_t, 3> groups{x, static_cast<std::uint32_t>(options_.batch), layers};
  contribute(in, [&](const GradientTarget &to) {
    for (int first = 0; first < dense.out_features; first += at_once) {
      const int rows = std::min(at_once, dense.out_features - first);
      GradientTarget part = to; // parts add up; the mask applies to the whole
      part.accumulate = to.accumulate || first > 0;
      if (first + rows < dense.out_features)
        part.mask = TensorId::none;
      const gpu::DenseParams params{
          options_.batch, in_features, dense.out_features, first, rows, masked.c, masked.h * masked.w, 0, 0};
      plan_.dispatch(node(op.main).name + " gradient", plan_.programs().get("dense_grad", {part.epilogue()}), groups,
                     params,
                     {reads(from), reads(dense_weights(op, first, rows)),
                      part.accumulate ? updates(part.tensor) : writes(part.tensor), reads(part.mask_or(from))},
                     2.0 * options_.batch * rows * in_features);
    }
  });
}

} // namespace convscope
