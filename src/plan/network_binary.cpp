// Binary, forward, backward and in double.
#include "plan/layout.h"
#include "plan/network.h"

namespace convscope {

namespace {

static_assert(static_cast<std::uint32_t>(Arithmetic::power) == gpu::ARITHMETIC_POWER); // and all before it

bool chooses(Arithmetic arithmetic) { return arithmetic == Arithmetic::maximum || arithmetic == Arithmetic::minimum; }

} // namespace

gpu::Strides repeated_strides(const Shape &shape) {
  return {static_cast<int>(shape.elements()), shape.c == 1 ? 0 : shape.h * shape.w, shape.h == 1 ? 0 : shape.w,
          shape.w == 1 ? 0 : 1};
}

gpu::BinaryParams Network::binary_params(const FusedOp &op) const {
  const Shape &out = shape(op.output);
  return {options_.batch,
          out.c,
          out.h,
          out.w,
          repeated_strides(shape(op.inputs.at(0))),
          repeated_strides(shape(op.inputs.at(1)))};
}

void Network::forward_binary(const FusedOp &op) {
  const Arithmetic arithmetic = std::get<Binary>(node(op.main).op).arithmetic;
  const bool keeps = options_.backward && chooses(arithmetic);
  const TensorId out = value(op.output);
  const TensorId choice = keeps ? plan_.transient(node(op.output).name + " choice", bytes(op.output)) : out;
  if (keeps)
    kept_[static_cast<std::size_t>(op.output)].aside = choice;
  plan_.dispatch(node(op.main).name,
                 plan_.programs().get("binary", {static_cast<std::uint32_t>(arithmetic), keeps ? 1U : 0U}),
                 map_groups(op.output), binary_params(op),
                 {reads(value(op.inputs.at(0))), reads(value(op.inputs.at(1))), writes(out), writes(choice)});
}

void Network::binary_gradient(const FusedOp &op, std::size_t side, TensorId from, const GradientTarget &to) {
  const Arithmetic arithmetic = std::get<Binary>(node(op.main).op).arithmetic;
  const TensorId choice = kept_[static_cast<std::size_t>(op.output)].aside;
  plan_.dispatch(node(op.main).name + " gradient",
                 plan_.programs().get("binary_grad", {to.epilogue(), static_cast<std::uint32_t>(arithmetic),
                                                      static_cast<std::uint32_t>(side)}),
                 map_groups(op.output), binary_params(op),
                 {reads(from), reads(value(op.inputs.at(0))), reads(value(op.inputs.at(1))),
                  reads(choice == TensorId::none ? from : choice), to.use(), reads(to.mask_or(from))});
}

// An operand that was repeated gets the sum over its repetitions.
void Network::backward_binary(const FusedOp &op, TensorId from) {
  const Arithmetic arithmetic = std::get<Binary>(node(op.main).op).arithmetic;
  const Shape &out = shape(op.output);
  for (std::size_t side = 0; side < op.inputs.size(); ++side) {
    const Shape &in = shape(op.inputs[side]);
    contribute(op.inputs[side], [&](const GradientTarget &to) {
      if (in == out) {
        binary_gradient(op, side, from, to);
        return;
      }
      TensorId terms = from;
      if (arithmetic != Arithmetic::add) {
        terms = plan_.transient(node(op.main).name + " gradient", bytes(op.output));
        binary_gradient(op, side, from, {terms});
      }
      const Axes repeated{in.c < out.c, in.h < out.h, in.w < out.w};
      reduce(node(op.main).name + " gradient", slices(out, repeated), Reduction::sum, terms, to);
    });
  }
}

TensorId Network::exact_binary(const FusedOp &op) {
  const Arithmetic arithmetic = std::get<Binary>(node(op.main).op).arithmetic;
  const TensorId out = exact_tensor(op.output);
  const TensorId choice = kept_[static_cast<std::size_t>(op.output)].aside;
  const bool keeps = choice != TensorId::none;
  plan_.dispatch(
      node(op.main).name + " exact",
      plan_.programs().get("exact_binary", {static_cast<std::uint32_t>(arithmetic), keeps ? 1U : 0U}),
      map_groups(op.output), binary_params(op),
      {reads(exact(op.inputs.at(0))), reads(exact(op.inputs.at(1))), writes(out), writes(keeps ? choice : out)});
  return out;
}

} // namespace convscope
