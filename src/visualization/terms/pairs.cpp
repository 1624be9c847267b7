#include "visualization/terms/pairs.h"

#include "visualization/groups.h"

namespace convscope {

PairSteps::PairSteps(Plan &plan, const TermRun &run, std::string shader, std::uint32_t pair, bool each_position,
                     std::size_t table_bytes)
    : TermSteps(plan, run), table_(plan.persistent(shader + " terms", table_bytes)), shader_(std::move(shader)),
      pair_(pair), each_position_(each_position) {
  const auto images = static_cast<std::size_t>(run.batch), pixels = static_cast<std::size_t>(run.pixels());
  constexpr std::size_t pair_bytes = 2 * sizeof(float);
  pairs_ = plan.transient(shader_ + " pairs", images * pixels * pair_bytes);
  factors_ = plan.transient(shader_ + " factors", images * (each_position ? pixels : 1) * pair_bytes);
}

gpu::PairParams PairSteps::params() const {
  return {run_.shape.c, run_.shape.h, run_.shape.w, run_.all, run_.first, each_position_ ? 1 : 0};
}

void PairSteps::append_value(const TermInputs &inputs, Use partials) {
  plan_.dispatch("objective pairs", plan_.programs().get("term_pairs", {pair_}),
                 image_groups(run_.pixels(), run_.batch), params(),
                 {reads(inputs.own), reads(other(inputs)), writes(pairs_)});
  plan_.dispatch("objective", plan_.programs().get(shader_), {std::uint32_t(run_.batch), 1, 1}, params(),
                 {reads(pairs_), writes(factors_), partials, reads(table_)});
}

void PairSteps::append_gradient(const TermInputs &inputs, const GradientTarget &target) {
  plan_.dispatch(
      "objective gradient", plan_.programs().get("term_blend", {target.epilogue(), pair_}),
      image_groups(run_.elements(), run_.batch), params(),
      {reads(inputs.own), reads(other(inputs)), reads(factors_), target.use(), reads(target.mask_or(factors_))});
}

} // namespace convscope
