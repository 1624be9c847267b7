// Unary and PRelu, forward, backward and in double.
#include "plan/layout.h"
#include "plan/network.h"

namespace convscope {

namespace {

static_assert(static_cast<std::uint32_t>(Function::linear) == gpu::FUNCTION_LINEAR); // and all before it

struct UnaryKernel {
  std::uint32_t function = gpu::FUNCTION_LEAKY_RELU, has_slopes = 1;
  float a = 0, b = 0;
};

UnaryKernel unary_kernel(const Op &op) {
  const auto *unary = std::get_if<Unary>(&op);
  return unary ? UnaryKernel{static_cast<std::uint32_t>(unary->function), 0, unary->a, unary->b} : UnaryKernel{};
}

} // namespace

TensorId Network::slopes_or(const FusedOp &op, TensorId other) {
  const auto *prelu = std::get_if<PRelu>(&node(op.main).op);
  return prelu ? constant(key_of(op.main) + "/slopes", prelu->slopes) : other;
}

void Network::forward_unary(const FusedOp &op) {
  const UnaryKernel kernel = unary_kernel(node(op.main).op);
  const auto [batch, channels, pixels] = map_params(op.output);
  const TensorId in = value(op.inputs.front());
  plan_.dispatch(node(op.main).name, plan_.programs().get("unary", {kernel.function, kernel.has_slopes}),
                 element_groups(op.output), gpu::UnaryParams{batch, channels, pixels, kernel.a, kernel.b},
                 {reads(in), reads(slopes_or(op, in)), writes(value(op.output))});
}

// From the function's input; from its derivative there, where that is known in double.
void Network::backward_unary(const FusedOp &op, TensorId from) {
  const UnaryKernel kernel = unary_kernel(node(op.main).op);
  const gpu::MapParams map = map_params(op.output);
  const TensorId derivative = kept_[static_cast<std::size_t>(op.output)].aside;
  const bool derived = derivative != TensorId::none;
  const TensorId values = derived ? derivative : value(op.inputs.front());
  contribute(op.inputs.front(), [&](const GradientTarget &to) {
    plan_.dispatch(
        node(op.main).name + " gradient",
        plan_.programs().get("unary_grad", {to.epilogue(), kernel.function, kernel.has_slopes, derived ? 1U : 0U}),
        map_groups(op.output), gpu::UnaryParams{map.batch, map.channels, map.pixels, kernel.a, kernel.b},
        {reads(from), reads(values), reads(slopes_or(op, from)), to.use(), reads(to.mask_or(from))});
  });
}

TensorId Network::exact_unary(const FusedOp &op) {
  const UnaryKernel kernel = unary_kernel(node(op.main).op);
  const auto [batch, channels, pixels] = map_params(op.output);
  const TensorId in = exact(op.inputs.front());
  const TensorId out = exact_tensor(op.output);
  const TensorId derivative = plan_.transient(node(op.output).name + " derivative", bytes(op.output));
  kept_[static_cast<std::size_t>(op.output)].aside = derivative;
  plan_.dispatch(node(op.main).name + " exact",
                 plan_.programs().get("exact_unary", {kernel.function, kernel.has_slopes}), element_groups(op.output),
                 gpu::UnaryParams{batch, channels, pixels, kernel.a, kernel.b},
                 {reads(in), reads(slopes_or(op, in)), writes(out), writes(derivative)});
  return out;
}

} // namespace convscope
