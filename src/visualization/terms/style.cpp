#include "visualization/terms/gram.h"

namespace convscope {

namespace {

class StyleSteps : public TermSteps {
public:
  StyleSteps(Plan &plan, const TermRun &run)
      : TermSteps(plan, run), gram_(plan, run), own_(gram_.make_tensor("grams")),
        style_(gram_.make_tensor("style grams")),
        weights_(plan.persistent("style weights", static_cast<std::size_t>(run.batch) * sizeof(float))) {}

  void append_value(const TermInputs &inputs, Use partials) override {
    gram_.append(inputs.style, style_);
    gram_.append(inputs.own, own_);
    const gpu::GramParams params{run_.batch, gram_.size(), run_.all, run_.first,
                                 static_cast<float>(1 / (double(gram_.size()) * run_.pixels()))};
    plan_.dispatch("objective", plan_.programs().get("term_style"),
                   {std::uint32_t(gpu::OBJECTIVE_PARTS), std::uint32_t(run_.batch), 1}, params,
                   {updates(own_), reads(style_), reads(weights_), partials});
  }

  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override {
    gram_.append_gradient(own_, inputs.own, target);
  }

  void write() override {
    gram_.write();
    const std::vector<float> weights = weights_of(run_);
    plan_.write(weights_, std::as_bytes(std::span(weights)));
  }

private:
  Gram gram_;
  TensorId own_, style_, weights_;
};

} // namespace

std::unique_ptr<TermSteps> style_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<StyleSteps>(plan, run);
}

} // namespace convscope
