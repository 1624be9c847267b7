// What one term of an objective, or several that go together, does on the device.
#pragma once

#include <memory>
#include <vector>

#include "params.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "visualization/objective.h"

namespace convscope {

// Of a whole batch: the terms `first` to first + count - 1 of the `all` that each image's objective has.
struct TermRun {
  int batch = 1;
  int first = 0, count = 1, all = 1;
  Shape shape;                       // of the layer that they read, or of the image
  std::vector<const Term *> members; // (image, term of the run)

  const Term &term(int image) const {
    return *members.at(static_cast<std::size_t>(image) * static_cast<std::size_t>(count));
  }
  std::int64_t elements() const { return shape.elements(); }
  int pixels() const { return shape.h * shape.w; }
};

// (N,C,H,W): what the terms are of, and the same layer's output for the photo or the style picture.
struct TermInputs {
  TensorId own = TensorId::none, photo = TensorId::none, style = TensorId::none;
};

class TermSteps {
public:
  TermSteps(Plan &plan, TermRun run) : plan_(plan), run_(std::move(run)) {}
  TermSteps(const TermSteps &) = delete;
  TermSteps &operator=(const TermSteps &) = delete;
  virtual ~TermSteps() = default;

  // Appends what leaves the terms' values, times their weights, in their parts of `partials`: OBJECTIVE_PARTS floats
  // (image, term, part), all of which it writes.
  virtual void append_value(const TermInputs &inputs, Use partials) = 0;
  // Afterwards, once or twice: the gradient with respect to `own`.
  virtual void append_gradient(const TermInputs &inputs, const GradientTarget &target) = 0;
  // What the kernels read, after Plan::allocate().
  virtual void write() {}

protected:
  Plan &plan_;
  TermRun run_;
};

// Of the first term of each image's.
inline std::vector<float> weights_of(const TermRun &run) {
  std::vector<float> weights;
  for (int n = 0; n < run.batch; ++n)
    weights.push_back(static_cast<float>(run.term(n).weight));
  return weights;
}

using MakeTermSteps = std::unique_ptr<TermSteps> (*)(Plan &plan, const TermRun &run);

// The members of the family, a file each.
std::unique_ptr<TermSteps> channel_steps(Plan &plan, const TermRun &run); // channels and mean squares
std::unique_ptr<TermSteps> direction_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> caricature_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> match_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> stay_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> style_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> diversity_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> alignment_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> variation_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> l1_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> l2_steps(Plan &plan, const TermRun &run);
std::unique_ptr<TermSteps> blur_steps(Plan &plan, const TermRun &run);

} // namespace convscope
