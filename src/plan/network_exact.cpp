// A second forward pass, in double, from which the backward pass takes its decisions: which ReLUs are open and where
// max pools found their maxima. Float32 decides otherwise where a ReLU's input lies within rounding of zero, or taps of
// a pool within rounding of each other; one such decision among millions can outweigh all other rounding.
#include "plan/network.h"

#include <algorithm>

#include "graph/shapes.h"
#include "plan/copy_params.h"
#include "plan/layout.h"
#include "plan/taps.h"

namespace convscope {

namespace {

constexpr std::size_t doubled = sizeof(double) / sizeof(float);

} // namespace

bool Network::decides_exactly() const {
  return options_.exact_decisions && options_.backward && plan_.device().info().shader_float64 &&
         doubled * bytes(largest()) <= max_binding();
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

// Every op is sums, a pool or nothing of its first input, and then a map.
void Network::exact_op(const FusedOp &op) {
  const Op &main = node(op.main).op;
  if (std::holds_alternative<Constant>(main)) {
    exact_[static_cast<std::size_t>(op.output)] = constant_value<double>(op.main);
    return;
  }
  std::vector<TensorId> terms;
  for (NodeId input : op.inputs)
    terms.push_back(exact(input));
  if (op.residual >= 0)
    terms.push_back(exact(op.residual));
  // GLSL has no exp of doubles: what lies behind a softmax, nothing in any net of the zoo, keeps float32's decisions.
  const bool known = std::find(terms.begin(), terms.end(), TensorId::none) == terms.end();
  if (!known || std::holds_alternative<Softmax>(main))
    return;

  if (is_copy(main) || is_gather(main)) { // a ReLU behind it is an op of its own
    exact_[static_cast<std::size_t>(op.output)] = is_copy(main) ? exact_copy(op) : exact_gather(op);
    return;
  }
  TensorId first = terms.front();
  terms.erase(terms.begin());
  if (std::holds_alternative<Conv>(main))
    first = exact_conv(op);
  else if (std::holds_alternative<Dense>(main))
    first = exact_dense(op);
  else if (std::holds_alternative<MaxPool>(main) || std::holds_alternative<GlobalMaxPool>(main) ||
           std::holds_alternative<AvgPool>(main) || std::holds_alternative<GlobalAvgPool>(main) ||
           std::holds_alternative<ZeroPad>(main))
    first = exact_pool(op);
  exact_[static_cast<std::size_t>(op.output)] = exact_map(op, first, terms);
}

TensorId Network::exact_conv(const FusedOp &op) {
  const auto &conv_op = std::get<Conv>(node(op.main).op);
  const TensorId out = exact_tensor(op.output);
  append_exact_sums(op, conv_params(op), constant(node(op.main).name + "/plain", conv_op.weights), out);
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
                 {reads(exact(op.inputs.front())), reads(weights), writes(to)});
}

TensorId Network::exact_pool(const FusedOp &op) {
  const gpu::PoolParams p = pool_params(op);
  const TensorId arg_max = kept_[static_cast<std::size_t>(op.output)].arg_max;
  const bool finds_max = arg_max != TensorId::none;
  const std::uint32_t bits = finds_max ? arg_max_bits(p) : 32U;
  const std::int64_t blocks = finds_max ? arg_max_blocks(p) : p.channels;
  const TensorId out = exact_tensor(op.output);
  plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_pool", {finds_max ? 1U : 0U, bits}),
                 spread_groups(p.batch * blocks * p.out_h * p.out_w), p,
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
        map_groups(op.output), map_params(op.output),
        {reads(from), reads(adds ? added[i] : from), reads(scale_shift), writes(out), writes(masks ? mask : out)});
    from = out;
    scales = false;
  }
  return out;
}

} // namespace convscope
