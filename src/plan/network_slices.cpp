// Reduce and the global pools, Normalize, Softmax and Lrn, forward, backward and in double.
#include "plan/layout.h"
#include "plan/network.h"

namespace convscope {

namespace {

static_assert(static_cast<std::uint32_t>(Reduction::sum_square) == gpu::REDUCTION_SUM_SQUARE); // and all before it

Axes only(Axis axis) { return {axis == Axis::c, axis == Axis::h, axis == Axis::w}; }

// Global pools are reductions too.
Reduce reduction_of(const Op &op) {
  const Axes pixels{false, true, true};
  if (std::holds_alternative<GlobalAvgPool>(op))
    return {Reduction::mean, pixels};
  return std::holds_alternative<GlobalMaxPool>(op) ? Reduce{Reduction::max, pixels} : std::get<Reduce>(op);
}

std::uint32_t flag(bool on) { return on ? 1U : 0U; }

} // namespace

Slices Network::slices(const Shape &shape, Axes axes, int channel_groups, double epsilon, int channels_of_net) const {
  return slices_along(shape, axes, options_.batch, plan_.device().info().is_cpu(), channel_groups, epsilon,
                      channels_of_net);
}

// ---- Reduce ----

void Network::reduce(const std::string &label, const Slices &slices, Reduction reduction, TensorId from,
                     const GradientTarget &to, TensorId place) {
  const bool keeps = place != TensorId::none;
  plan_.dispatch(label,
                 plan_.programs().get("reduction", {to.epilogue(), slices.neighbours,
                                                    static_cast<std::uint32_t>(reduction), flag(keeps)}),
                 slices.groups, slices.params,
                 {reads(from), to.use(), keeps ? writes(place) : to.use(), reads(to.mask_or(from))});
}

void Network::forward_reduce(const FusedOp &op) {
  const Reduce reduce_op = reduction_of(node(op.main).op);
  TensorId place = TensorId::none;
  if (options_.backward && (reduce_op.reduction == Reduction::max || reduce_op.reduction == Reduction::min))
    place = kept_[static_cast<std::size_t>(op.output)].arg_max =
        plan_.transient(node(op.output).name + " place", bytes(op.output));
  const NodeId in = op.inputs.front();
  const Slices s = slices(shape(in), reduce_op.axes, 1, 0, node(op.main).channels_of_net);
  reduce(node(op.main).name, s, reduce_op.reduction, value(in), {value(op.output)}, place);
}

void Network::backward_reduce(const FusedOp &op, TensorId from) {
  const Reduction reduction = reduction_of(node(op.main).op).reduction;
  const NodeId in = op.inputs.front();
  const Shape &s = shape(in);
  const bool mean = reduction == Reduction::mean;
  const std::int64_t count = s.elements() / shape(op.output).elements();
  const gpu::ReductionGradientParams params{
      options_.batch, s.c, s.h, s.w, repeated_strides(shape(op.output)), mean ? 1 / static_cast<float>(count) : 1};
  // Means and sums read neither: their tensors may then go.
  const bool extreme = reduction == Reduction::max || reduction == Reduction::min;
  const bool norm = !extreme && !mean && reduction != Reduction::sum;
  const TensorId elements = norm ? value(in) : from;
  const TensorId results = norm ? value(op.output) : from;
  const TensorId place = extreme ? kept_[static_cast<std::size_t>(op.output)].arg_max : from;
  contribute(in, [&](const GradientTarget &to) {
    plan_.dispatch(node(op.main).name + " gradient",
                   plan_.programs().get("reduction_grad", {to.epilogue(), static_cast<std::uint32_t>(reduction)}),
                   map_groups(in), params,
                   {reads(from), reads(elements), reads(results), reads(place), to.use(), reads(to.mask_or(from))});
  });
}

TensorId Network::exact_reduce(const FusedOp &op) {
  const Reduce reduce_op = reduction_of(node(op.main).op);
  const NodeId in = op.inputs.front();
  const TensorId out = exact_tensor(op.output);
  const TensorId place = kept_[static_cast<std::size_t>(op.output)].arg_max;
  const bool keeps = place != TensorId::none;
  const Slices s = slices(shape(in), reduce_op.axes);
  plan_.dispatch(node(op.main).name + " exact",
                 plan_.programs().get("exact_reduction",
                                      {0, s.neighbours, static_cast<std::uint32_t>(reduce_op.reduction), flag(keeps)}),
                 s.groups, s.params, {reads(exact(in)), writes(out), writes(keeps ? place : out), reads(exact(in))});
  return out;
}

// ---- Normalize ----

Slices Network::normalize_slices(const FusedOp &op) const {
  const auto &normalize = std::get<Normalize>(node(op.main).op);
  return slices(shape(op.output), normalize.axes, normalize.axes.c ? normalize.groups : 1, normalize.epsilon);
}

void Network::forward_normalize(const FusedOp &op) {
  const Slices s = normalize_slices(op);
  const TensorId out = value(op.output);
  TensorId scale = out;
  if (options_.backward) {
    const auto count = static_cast<std::size_t>(s.params.batch) * static_cast<std::size_t>(s.params.slice_channels) *
                       static_cast<std::size_t>(s.params.slice_rows * s.params.slice_columns);
    scale = kept_[static_cast<std::size_t>(op.output)].aside =
        plan_.transient(node(op.output).name + " scale", count * sizeof(float));
  }
  plan_.dispatch(node(op.main).name, plan_.programs().get("normalize", {flag(options_.backward), s.neighbours}),
                 s.groups, s.params, {reads(value(op.inputs.front())), writes(out), writes(scale)});
}

void Network::backward_normalize(const FusedOp &op, TensorId from) {
  const Slices s = normalize_slices(op);
  const TensorId scale = kept_[static_cast<std::size_t>(op.output)].aside;
  contribute(op.inputs.front(), [&](const GradientTarget &to) {
    plan_.dispatch(node(op.main).name + " gradient",
                   plan_.programs().get("normalize_grad", {to.epilogue(), s.neighbours}), s.groups, s.params,
                   {reads(from), reads(value(op.output)), reads(scale), to.use(), reads(to.mask_or(from))});
  });
}

TensorId Network::exact_normalize(const FusedOp &op) {
  const Slices s = normalize_slices(op);
  const TensorId out = exact_tensor(op.output);
  plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_normalize", {0, s.neighbours}), s.groups,
                 s.params, {reads(exact(op.inputs.front())), writes(out), writes(out)});
  return out;
}

// ---- Softmax ----

void Network::forward_softmax(const FusedOp &op) {
  const auto &softmax = std::get<Softmax>(node(op.main).op);
  const Slices s = slices(shape(op.output), only(softmax.axis));
  plan_.dispatch(node(op.main).name, plan_.programs().get("softmax", {flag(softmax.log), s.neighbours}), s.groups,
                 s.params, {reads(value(op.inputs.front())), writes(value(op.output))});
}

void Network::backward_softmax(const FusedOp &op, TensorId from) {
  const auto &softmax = std::get<Softmax>(node(op.main).op);
  const Slices s = slices(shape(op.output), only(softmax.axis));
  contribute(op.inputs.front(), [&](const GradientTarget &to) {
    plan_.dispatch(node(op.main).name + " gradient",
                   plan_.programs().get("softmax_grad", {to.epilogue(), s.neighbours, flag(softmax.log)}), s.groups,
                   s.params, {reads(from), reads(value(op.output)), to.use(), reads(to.mask_or(from))});
  });
}

TensorId Network::exact_softmax(const FusedOp &op) {
  const auto &softmax = std::get<Softmax>(node(op.main).op);
  const Slices s = slices(shape(op.output), only(softmax.axis));
  const TensorId out = exact_tensor(op.output);
  plan_.dispatch(node(op.main).name + " exact",
                 plan_.programs().get("exact_softmax", {flag(softmax.log), s.neighbours}), s.groups, s.params,
                 {reads(exact(op.inputs.front())), writes(out)});
  return out;
}

// ---- Lrn ----

gpu::LrnParams Network::lrn_params(const FusedOp &op) const {
  const auto &lrn = std::get<Lrn>(node(op.main).op);
  const auto [batch, channels, pixels] = map_params(op.output);
  return {batch, channels, pixels, lrn.size, lrn.alpha, lrn.beta, lrn.bias};
}

namespace {
// QUARTERS of shaders/lrn.glsl.
std::uint32_t lrn_quarters(const gpu::LrnParams &p) { return p.beta == 0.5F ? 2U : p.beta == 0.75F ? 3U : 0U; }
} // namespace

void Network::forward_lrn(const FusedOp &op) {
  const TensorId out = value(op.output);
  TensorId sums = out;
  if (options_.backward)
    sums = kept_[static_cast<std::size_t>(op.output)].aside =
        plan_.transient(node(op.output).name + " sums", bytes(op.output));
  const gpu::LrnParams p = lrn_params(op);
  plan_.dispatch(node(op.main).name,
                 plan_.programs().get("lrn", {flag(options_.backward), whole_quads(op.output), lrn_quarters(p)}),
                 quad_groups(op.output), p, {reads(value(op.inputs.front())), writes(out), writes(sums)});
}

void Network::backward_lrn(const FusedOp &op, TensorId from) {
  const TensorId sums = kept_[static_cast<std::size_t>(op.output)].aside;
  const NodeId in = op.inputs.front();
  const gpu::LrnParams p = lrn_params(op);
  contribute(in, [&](const GradientTarget &to) {
    plan_.dispatch(
        node(op.main).name + " gradient",
        plan_.programs().get("lrn_grad", {to.epilogue(), whole_quads(in), lrn_quarters(p)}), quad_groups(in), p,
        {reads(from), reads(value(in)), reads(value(op.output)), reads(sums), to.use(), reads(to.mask_or(from))});
  });
}

TensorId Network::exact_lrn(const FusedOp &op) {
  const TensorId out = exact_tensor(op.output);
  plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_lrn"), map_groups(op.output),
                 lrn_params(op), {reads(exact(op.inputs.front())), writes(out)});
  return out;
}

} // namespace convscope
