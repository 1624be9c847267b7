// What the terms have in common that compare a layer's output with a vector or another picture's: the sums over
// channels of each position, the factors that the term makes of them, and the gradient (params.h: PairParams).
#pragma once

#include <string>

#include "visualization/terms/steps.h"

namespace convscope {

class PairSteps : public TermSteps {
public:
  // `shader` makes the factors; its binding 3 is `table`. With `each_position` they are so many.
  PairSteps(Plan &plan, const TermRun &run, std::string shader, std::uint32_t pair, bool each_position,
            std::size_t table_bytes);

  void append_value(const TermInputs &inputs, Use partials) override;
  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override;

protected:
  // What the layer is compared with.
  virtual TensorId other(const TermInputs &inputs) const = 0;

  TensorId table_;

private:
  gpu::PairParams params() const;

  std::string shader_;
  std::uint32_t pair_;
  bool each_position_;
  TensorId pairs_, factors_;
};

} // namespace convscope
