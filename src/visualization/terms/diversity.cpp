#include "visualization/terms/diversity.h"

#include <algorithm>
#include <cmath>

#include "visualization/groups.h"
#include "visualization/terms/gram.h"

namespace convscope {

double diversity_weight(double value) {
  constexpr double least = 100;
  return std::max(std::round(value / least) * least, least);
}

namespace {

class DiversitySteps : public TermSteps {
public:
  DiversitySteps(Plan &plan, const TermRun &run)
      : TermSteps(plan, run), gram_(plan, run), grams_(gram_.make_tensor("grams")),
        matrices_(gram_.make_tensor("diversity matrices")) {
    const auto images = static_cast<std::size_t>(run.batch);
    constexpr std::size_t parts = std::size_t{gpu::OBJECTIVE_PARTS} * sizeof(float);
    squares_ = plan.transient("gram squares", images * parts);
    norms_ = plan.transient("gram norms", images * sizeof(float));
    products_ = plan.transient("gram products", images * parts);
    weights_ = plan.persistent("diversity weights", images * sizeof(float));
  }

  void append_value(const TermInputs &inputs, Use partials) override {
    gram_.append(inputs.own, grams_);
    const std::array<std::uint32_t, 3> parts{std::uint32_t(gpu::OBJECTIVE_PARTS), std::uint32_t(run_.batch), 1};
    plan_.dispatch("objective", plan_.programs().get("gram_norm", {0U}), parts, params(),
                   {reads(grams_), writes(squares_), writes(norms_)});
    plan_.dispatch("objective", plan_.programs().get("gram_norm", {1U}), {std::uint32_t(run_.batch), 1, 1}, params(),
                   {reads(grams_), updates(squares_), writes(norms_)});
    plan_.dispatch("objective", plan_.programs().get("term_diversity", {0U}), parts, params(),
                   {reads(grams_), reads(norms_), reads(weights_), writes(products_), partials});
    plan_.dispatch("objective", plan_.programs().get("term_diversity", {1U}), image_groups(gram_.size(), run_.batch),
                   params(), {reads(grams_), reads(norms_), reads(weights_), updates(products_), writes(matrices_)});
  }

  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override {
    gram_.append_gradient(matrices_, inputs.own, target);
  }

  void write() override {
    gram_.write();
    const std::vector<float> weights = weights_of(run_);
    plan_.write(weights_, std::as_bytes(std::span(weights)));
  }

private:
  gpu::GramParams params() const { return {run_.batch, gram_.size(), run_.all, run_.first, 1}; }

  Gram gram_;
  TensorId grams_, matrices_, squares_, norms_, products_, weights_;
};

} // namespace

std::unique_ptr<TermSteps> diversity_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<DiversitySteps>(plan, run);
}

} // namespace convscope
