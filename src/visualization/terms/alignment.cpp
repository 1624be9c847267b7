#include "visualization/groups.h"
#include "visualization/terms/steps.h"

namespace convscope {

namespace {

class AlignmentSteps : public TermSteps {
public:
  AlignmentSteps(Plan &plan, const TermRun &run)
      : TermSteps(plan, run),
        weights_(plan.persistent("alignment weights", static_cast<std::size_t>(run.batch) * sizeof(float))) {}

  void append_value(const TermInputs &inputs, Use partials) override {
    plan_.dispatch("objective", plan_.programs().get("term_alignment", {0U, 0U}),
                   {std::uint32_t(gpu::OBJECTIVE_PARTS), std::uint32_t(run_.batch), 1}, params(),
                   {reads(inputs.own), reads(weights_), partials, reads(weights_)});
  }

  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override {
    plan_.dispatch("objective gradient", plan_.programs().get("term_alignment", {target.epilogue(), 1U}),
                   image_groups(run_.elements(), run_.batch), params(),
                   {reads(inputs.own), reads(weights_), target.use(), reads(target.mask_or(weights_))});
  }

  void write() override {
    const std::vector<float> weights = weights_of(run_);
    plan_.write(weights_, std::as_bytes(std::span(weights)));
  }

private:
  gpu::AlignmentParams params() const { return {run_.batch, run_.shape.c, run_.pixels(), run_.all, run_.first}; }

  TensorId weights_;
};

} // namespace

std::unique_ptr<TermSteps> alignment_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<AlignmentSteps>(plan, run);
}

} // namespace convscope
