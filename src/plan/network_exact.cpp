// A second forward pass, in double, from which the backward pass takes its decisions: which ReLUs are open and where
// max pools found their maxima. Float32 decides otherwise where a ReLU's input lies within rounding of zero, or taps of
// a pool within rounding of each other; one such decision among millions can outweigh all other rounding.
#include "plan/network.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "graph/shapes.h"
#include "graph/taps.h"
#include "plan/conv_work.h"
#include "plan/copy_params.h"
#include "plan/layout.h"

namespace convscope {

namespace {

constexpr std::size_t doubled = sizeof(double) / sizeof(float);

} // namespace

bool Network::decides_exactly() const {
  return options_.exact_decisions && options_.backward && plan_.device().info().shader_float64 &&
         doubled * bytes(largest()) <= max_binding();
}

bool Network::decides_by_rounding() const {
  return options_.exact_decisions && !decides_exactly() && std::ranges::any_of(kept_, [](const Kept &kept) {
           return kept.mask != TensorId::none || kept.arg_max != TensorId::none;
         });
}

void Network::decide_exactly(TensorId input) {
  exact_.assign(graph_.nodes.size(), TensorId::none);
  exact_.front() = exact_tensor(0);
  plan_.dispatch("exact input", plan_.programs().get("exact_input"),
                 spread_groups(std::int64_t{options_.batch} * shape(0).elements()), map_params(0),
                 {reads(input), writes(exact(0))});
  for (const FusedOp &op : ops_)
    exact_op(op);
}

TensorId Network::exact_tensor(NodeId id) { return plan_.transient(node(id).name + " exact", doubled * bytes(id)); }

// What each op's main node does of its first input, before the map that may follow.
struct Network::Exact {
  Network &net;
  const FusedOp &op;

  TensorId operator()(const Conv &) const { return net.exact_conv(op); }
  TensorId operator()(const ConvTranspose &) const { return net.exact_conv(op); }
  TensorId operator()(const Dense &) const { return net.exact_dense(op); }
  TensorId operator()(const MaxPool &) const { return net.exact_pool(op); }
  TensorId operator()(const GlobalMaxPool &) const { return net.exact_reduce(op); }
  TensorId operator()(const AvgPool &) const { return net.exact_pool(op); }
  TensorId operator()(const GlobalAvgPool &) const { return net.exact_reduce(op); }
  TensorId operator()(const ZeroPad &) const { return net.exact_pool(op); }
  TensorId operator()(const PRelu &) const { return net.exact_unary(op); }
  TensorId operator()(const Unary &) const { return op.relu ? input() : net.exact_unary(op); }
  TensorId operator()(const Binary &) const { return net.exact_binary(op); }
  TensorId operator()(const Reduce &) const { return net.exact_reduce(op); }
  TensorId operator()(const Normalize &) const { return net.exact_normalize(op); }
  TensorId operator()(const Lrn &) const { return net.exact_lrn(op); }
  TensorId operator()(const Softmax &) const { return net.exact_softmax(op); }
  TensorId operator()(const ScaleShift &) const { return input(); }
  TensorId operator()(const Relu &) const { return input(); }
  TensorId operator()(const Add &) const { return input(); }
  TensorId operator()(const Constant &) const { return net.constant_value<double>(op.main); }
  template <typename Other> TensorId operator()(const Other &other) const {
    if (is_copy(other))
      return net.exact_copy(op);
    if (is_gather(other))
      return net.exact_gather(op);
    // A view; what lies behind another op keeps float32's decisions.
    return is_view(other) ? input() : TensorId::none;
  }

  TensorId input() const { return net.exact(op.inputs.front()); }
};

void Network::exact_op(const FusedOp &op) {
  std::vector<NodeId> inputs = op.inputs;
  if (op.residual >= 0)
    inputs.push_back(op.residual);
  if (std::any_of(inputs.begin(), inputs.end(), [&](NodeId id) { return exact(id) == TensorId::none; }))
    return;
  const TensorId first = std::visit(Exact{*this, op}, node(op.main).op);
  if (first == TensorId::none)
    return;
  std::vector<TensorId> added;
  if (std::holds_alternative<Add>(node(op.main).op) || op.residual >= 0)
    std::transform(inputs.begin() + 1, inputs.end(), std::back_inserter(added), [&](NodeId id) { return exact(id); });
  exact_[static_cast<std::size_t>(op.output)] = exact_map(op, first, added);
}

TensorId Network::exact_conv(const FusedOp &op) {
  const TensorId out = exact_tensor(op.output);
  const gpu::ConvParams params = conv_params(op);
  const auto *transposed = std::get_if<ConvTranspose>(&node(op.main).op);
  if (!transposed) {
    const auto &weights = std::get<Conv>(node(op.main).op).weights;
    append_exact_sums(op, params, constant(key_of(op.main) + "/plain", weights), out);
    return out;
  }
  for (const gpu::ConvParams &phase : gradient_phases(params))
    append_exact_sums(op, phase,
                      constant(fmt::format("{}/plain of pads {},{} phase {},{}", key_of(op.main), params.pad_top,
                                           params.pad_left, phase.out_offset_h, phase.out_offset_w),
                               phase_weights(params, phase, transposed->weights)),
                      out);
  return out;
}

TensorId Network::exact_dense(const FusedOp &op) {
  const auto in_features = static_cast<int>(shape(op.inputs.front()).elements());
  const int out_features = std::get<Dense>(node(op.main).op).out_features;
  const TensorId out = exact_tensor(op.output);
  const int at_once = dense_rows_at_once(in_features);
  for (int first = 0; first < out_features; first += at_once) {
    gpu::ConvParams params = forward_params({}, 1, {in_features, 1, 1}, {out_features, 1, 1}, options_.batch);
    params.out_c = std::min(at_once, out_features - first);
    params.out_base = first;
    append_exact_sums(op, params, dense_weights(op, first, params.out_c), out);
  }
  return out;
}

void Network::append_exact_sums(const FusedOp &op, const gpu::ConvParams &params, TensorId weights, TensorId to) {
  const std::int64_t runs = (params.out_h * params.out_w + gpu::EXACT_PIXELS - 1) / gpu::EXACT_PIXELS;
  const std::int64_t tiles = (params.out_c + gpu::EXACT_CHANNELS - 1) / gpu::EXACT_CHANNELS;
  plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_conv"),
                 spread_groups(params.batch * params.groups * tiles * runs), params,
                 {reads(exact(op.inputs.front())), reads(weights), writes(to)}, convolution_flops(params));
}

TensorId Network::exact_pool(const FusedOp &op) {
  const gpu::PoolParams p = pool_params(op);
  const TensorId arg_max = kept_[static_cast<std::size_t>(op.output)].arg_max;
  const bool finds_max = arg_max != TensorId::none;
  const std::uint32_t bits = finds_max ? arg_max_bits(p) : 32U;
  const std::int64_t threads = finds_max ? arg_max_words(p) : p.batch * shape(op.output).elements();
  const TensorId out = exact_tensor(op.output);
  plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_pool", {finds_max ? 1U : 0U, bits}),
                 spread_groups(threads), p,
                 {reads(exact(op.inputs.front())), writes(out), writes(finds_max ? arg_max : out)});
  return out;
}

TensorId Network::exact_map(const FusedOp &op, TensorId from, const std::vector<TensorId> &added) {
  auto [numbers, shifts] = affine(graph_, op);
  if (numbers.empty() && added.empty() && !op.relu)
    return from;
  const TensorId mask = kept_[static_cast<std::size_t>(op.output)].mask;
  const TensorId out = exact_tensor(op.output);
  bool scales = !numbers.empty();
  TensorId scale_shift = from;
  if (scales) {
    numbers.insert(numbers.end(), shifts.begin(), shifts.end());
    scale_shift = constant(folded_name(op) + "/affine", numbers);
  }
  for (std::size_t i = 0; i < std::max<std::size_t>(added.size(), 1); ++i) {
    const bool adds = i < added.size();
    const bool masks = op.relu && i + 1 >= added.size();
    const std::uint32_t epilogue =
        (adds ? gpu::EPILOGUE_RESIDUAL : 0U) | (masks ? gpu::EPILOGUE_RELU | gpu::EPILOGUE_MASK_WRITE : 0U);
    plan_.dispatch(
        node(op.output).name + " exact", plan_.programs().get("exact_map", {epilogue, scales ? 1U : 0U}),
        map_groups(op.output), activation_params(op),
        {reads(from), reads(adds ? added[i] : from), reads(scale_shift), writes(out), writes(masks ? mask : out)});
    from = out;
    scales = false;
  }
  return out;
}

} // namespace convscope
