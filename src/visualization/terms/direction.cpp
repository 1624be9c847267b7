#include <algorithm>
#include <cmath>

#include "visualization/terms/pairs.h"
#include "visualization/terms/positions.h"

namespace convscope {

namespace {

class DirectionSteps : public PairSteps {
public:
  DirectionSteps(Plan &plan, const TermRun &run)
      : PairSteps(plan, run, "term_direction", gpu::PAIR_VECTOR, true,
                  static_cast<std::size_t>(run.batch) * sizeof(gpu::DirectionTerm)),
        vectors_(plan.persistent("directions", static_cast<std::size_t>(run.batch * run.shape.c) * sizeof(float))) {}

  void write() override {
    std::vector<gpu::DirectionTerm> table;
    std::vector<float> vectors;
    for (int n = 0; n < run_.batch; ++n) {
      const Term &term = run_.term(n);
      const Rectangle at = rectangle_of(term.positions, run_.shape);
      double squares = 0;
      for (const float v : term.vector)
        squares += double(v) * v;
      table.push_back({at.x, at.y, at.width, at.height, static_cast<float>(term.number),
                       static_cast<float>(std::sqrt(squares)),
                       static_cast<float>(term.weight / (double(at.width) * at.height))});
      vectors.insert(vectors.end(), term.vector.begin(), term.vector.end());
    }
    plan_.write(table_, std::as_bytes(std::span(table)));
    plan_.write(vectors_, std::as_bytes(std::span(vectors)));
  }

private:
  TensorId other(const TermInputs &) const override { return vectors_; }

  TensorId vectors_; // (image, channel)
};

} // namespace

std::unique_ptr<TermSteps> direction_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<DirectionSteps>(plan, run);
}

} // namespace convscope
