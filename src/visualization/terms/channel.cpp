// layer:channel, all of its map or a rectangle, and a whole layer's squares: all of these that read one layer go
// together, whatever the channel of each image is.
#include "plan/layout.h"
#include "visualization/groups.h"
#include "visualization/terms/positions.h"
#include "visualization/terms/steps.h"

namespace convscope {

namespace {

gpu::ObjectiveTerm device_term(const Term &term, const Shape &shape) {
  if (term.kind == TermKind::mean_square)
    return {gpu::TERM_MEAN_SQUARE, -1, 0, 0, 0, 0, static_cast<float>(term.weight / double(shape.elements()))};
  const Rectangle at = rectangle_of(term.positions, shape);
  return {gpu::TERM_CHANNEL,
          term.channel,
          at.x,
          at.y,
          at.width,
          at.height,
          static_cast<float>(term.weight / (double(at.width) * at.height))};
}

class ChannelSteps : public TermSteps {
public:
  ChannelSteps(Plan &plan, const TermRun &run)
      : TermSteps(plan, run),
        table_(plan.persistent("objective terms", run.members.size() * sizeof(gpu::ObjectiveTerm))) {}

  void append_value(const TermInputs &inputs, Use partials) override {
    plan_.dispatch("objective", plan_.programs().get("objective_value"),
                   {std::uint32_t(gpu::OBJECTIVE_PARTS), std::uint32_t(run_.count), std::uint32_t(run_.batch)},
                   params(), {reads(inputs.own), reads(table_), partials});
  }

  void append_gradient(const TermInputs &inputs, const GradientTarget &target) override {
    const int pixels = run_.shape.h * run_.shape.w;
    const std::int64_t threads = std::int64_t{divide_up(pixels, 4)} * divide_up(run_.shape.c, gpu::THREAD_CHANNELS);
    plan_.dispatch("objective gradient",
                   plan_.programs().get("objective_gradient", {target.epilogue(), multiples_of_4({pixels}) ? 1U : 0U}),
                   image_groups(threads, run_.batch), params(),
                   {reads(inputs.own), reads(table_), target.use(), reads(target.mask_or(table_))});
  }

  void write() override {
    std::vector<gpu::ObjectiveTerm> table;
    for (const Term *term : run_.members)
      table.push_back(device_term(*term, run_.shape));
    plan_.write(table_, std::as_bytes(std::span(table)));
  }

private:
  // The table holds this run's terms alone.
  gpu::ObjectiveParams params() const {
    return {run_.shape.c, run_.shape.h, run_.shape.w, run_.all, run_.first, run_.count};
  }

  TensorId table_;
};

} // namespace

std::unique_ptr<TermSteps> channel_steps(Plan &plan, const TermRun &run) {
  return std::make_unique<ChannelSteps>(plan, run);
}

} // namespace convscope
