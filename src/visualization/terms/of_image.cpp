// The terms of the image itself: tv, l1, l2, blur.
#include "visualization/groups.h"
#include "visualization/terms/steps.h"

namespace convscope {

namespace {

class ImageTermSteps : public TermSteps {
public:
  ImageTermSteps(Plan &plan, const TermRun &run, const char *shader)
      : TermSteps(plan, run), shader_(shader),
        table_(plan.persistent("image terms", static_cast<std::size_t>(run.batch) * sizeof(gpu::ImageTerm))) {}

  void append_value(const TermInputs &inputs, Use partials) override {
    plan_.dispatch("objective", plan_.programs().get(shader_, {0U, 0U}), parts(), params(),
                   {reads(inputs.own), reads(table_), partials});
  }

  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override {
    plan_.dispatch("objective gradient", plan_.programs().get(shader_, {target.epilogue(), 1U}),
                   image_groups(run_.elements(), run_.batch), params(),
                   {reads(inputs.own), reads(table_), target.use()});
  }

  void write() override {
    std::vector<gpu::ImageTerm> table;
    for (int n = 0; n < run_.batch; ++n)
      table.push_back({static_cast<float>(run_.term(n).number), static_cast<float>(run_.term(n).weight)});
    plan_.write(table_, std::as_bytes(std::span(table)));
  }

protected:
  std::array<std::uint32_t, 3> parts() const {
    return {std::uint32_t(gpu::OBJECTIVE_PARTS), std::uint32_t(run_.batch), 1};
  }
  gpu::ImageTermParams params() const { return {run_.shape.c, run_.shape.h, run_.shape.w, run_.all, run_.first}; }

  const char *shader_;
  TensorId table_;
};

// A root of all squares: no sum of parts.
class L2Steps : public ImageTermSteps {
public:
  L2Steps(Plan &plan, const TermRun &run)
      : ImageTermSteps(plan, run, "image_l2"),
        squares_(plan.transient("image squares", static_cast<std::size_t>(run.batch) *
                                                     (std::size_t{gpu::OBJECTIVE_PARTS} + 1) * sizeof(float))) {}

  void append_value(const TermInputs &inputs, Use partials) override {
    plan_.dispatch("objective squares", plan_.programs().get(shader_, {0U, 0U, 0U}), parts(), params(),
                   {reads(inputs.own), reads(table_), partials, writes(squares_)});
    plan_.dispatch("objective", plan_.programs().get(shader_, {0U, 0U, 1U}), {1, std::uint32_t(run_.batch), 1},
                   params(), {reads(inputs.own), reads(table_), updates(partials.tensor), updates(squares_)});
  }

  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override {
    plan_.dispatch("objective gradient", plan_.programs().get(shader_, {target.epilogue(), 1U, 0U}),
                   image_groups(run_.elements(), run_.batch), params(),
                   {reads(inputs.own), reads(table_), target.use(), updates(squares_)});
  }

private:
  TensorId squares_;
};

} // namespace

std::unique_ptr<TermSteps> variation_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<ImageTermSteps>(plan, run, "image_tv");
}
std::unique_ptr<TermSteps> l1_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<ImageTermSteps>(plan, run, "image_l1");
}
std::unique_ptr<TermSteps> l2_steps(Plan &plan, const TermRun &run) { return std::make_unique<L2Steps>(plan, run); }
std::unique_ptr<TermSteps> blur_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<ImageTermSteps>(plan, run, "image_blur");
}

} // namespace convscope
