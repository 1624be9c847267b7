#include "visualization/terms/pairs.h"

namespace convscope {

namespace {

class CaricatureSteps : public PairSteps {
public:
  CaricatureSteps(Plan &plan, const TermRun &run)
      : PairSteps(plan, run, "term_caricature", gpu::PAIR_TENSOR, false,
                  static_cast<std::size_t>(run.batch) * sizeof(gpu::CaricatureTerm)) {}

  void write() override {
    std::vector<gpu::CaricatureTerm> table;
    for (int n = 0; n < run_.batch; ++n)
      table.push_back({static_cast<float>(run_.term(n).number), static_cast<float>(run_.term(n).weight)});
    plan_.write(table_, std::as_bytes(std::span(table)));
  }

private:
  TensorId other(const TermInputs &inputs) const override { return inputs.photo; }
};

} // namespace

std::unique_ptr<TermSteps> caricature_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<CaricatureSteps>(plan, run);
}

} // namespace convscope
