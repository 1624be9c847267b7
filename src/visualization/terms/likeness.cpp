// match and stay: how far a layer's output is from the photo's.
#include "visualization/terms/pairs.h"

namespace convscope {

namespace {

class LikenessSteps : public PairSteps {
public:
  LikenessSteps(Plan &plan, const TermRun &run, const char *shader, bool each_position)
      : PairSteps(plan, run, shader, gpu::PAIR_DIFFERENCE, each_position,
                  static_cast<std::size_t>(run.batch) * sizeof(float)) {}

  void write() override {
    const std::vector<float> weights = weights_of(run_);
    plan_.write(table_, std::as_bytes(std::span(weights)));
  }

private:
  TensorId other(const TermInputs &inputs) const override { return inputs.photo; }
};

} // namespace

std::unique_ptr<TermSteps> match_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<LikenessSteps>(plan, run, "term_match", false);
}
std::unique_ptr<TermSteps> stay_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<LikenessSteps>(plan, run, "term_stay", true);
}

} // namespace convscope
