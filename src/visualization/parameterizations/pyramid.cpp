#include "visualization/parameterizations/pyramid.h"

#include <bit>
#include <utility>

#include "plan/layout.h"
#include "visualization/groups.h"

namespace convscope {

namespace {

constexpr int rows_at_once = 8; // of a column, that a thread does

} // namespace

Pyramid::Pyramid(const PlanesRun &run, std::vector<Level> levels, int first, int count, bool common)
    : run_(run), levels_(std::move(levels)), first_(first), count_(count), common_(common),
      whole_(levels_.front().height == run.image.h && levels_.front().width == run.image.w &&
             levels_.front().slots == 1 && !common) {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const Level &level = levels_[i];
    size_ += level.slots * run.image.c * level.height * level.width;
    rows_ += i == 0 && whole_ ? 0 : level.slots * run.image.c * level.height;
  }
}

std::vector<float> Pyramid::table() const {
  std::vector<float> table;
  int first = 0;
  for (const Level &level : levels_) {
    for (const int number : {level.height, level.width, first, level.slots})
      table.push_back(std::bit_cast<float>(number)); // floats don't have all of them
    first += level.slots * run_.image.c * level.height * level.width;
  }
  return table;
}

gpu::PyramidParams Pyramid::params(const gpu::PlaneLayout &layout, float weight) const {
  return {run_.image.h, run_.image.w, layout, run_.image.c, run_.batch, static_cast<int>(levels_.size()),
          first_,       count_,       size_,  weight};
}

void Pyramid::append(Plan &plan, TensorId parameters, TensorId levels, TensorId planes, const gpu::PlaneLayout &layout,
                     float weight, bool add) const {
  const std::int64_t threads = std::int64_t{divide_up(run_.image.h, rows_at_once)} * run_.image.w;
  plan.dispatch("pyramid",
                run_.programs.get("pyramid", {add ? 1U : 0U, common_ ? 1U : 0U, whole_ ? 1U : 0U, rows_at_once}),
                image_groups(threads, run_.image.c * (common_ ? 1 : run_.batch)), params(layout, weight),
                {reads(parameters), reads(levels), add ? updates(planes) : writes(planes)});
}

void Pyramid::append_gradient(Plan &plan, TensorId planes, TensorId levels, TensorId gradient,
                              const gpu::PlaneLayout &layout, float weight) const {
  const std::vector<std::uint32_t> constants = {common_ ? 1U : 0U, whole_ ? 1U : 0U};
  const int images = common_ ? 1 : run_.batch;
  const std::size_t row = std::size_t(images) * std::size_t(run_.image.w);
  const TensorId rows = plan.transient("pyramid rows", row * std::size_t(rows_) * sizeof(float));
  std::int64_t threads = 0;
  for (std::size_t i = whole_ ? 1 : 0; i < levels_.size(); ++i)
    threads += std::int64_t{run_.image.c} * levels_[i].height * run_.image.w;
  plan.dispatch("pyramid gradient", run_.programs.get("pyramid_rows", constants), image_groups(threads, images),
                params(layout, weight), {reads(planes), reads(levels), writes(rows)});
  plan.dispatch("pyramid gradient", run_.programs.get("pyramid_adjoint", constants),
                image_groups(count_ - first_, images), params(layout, weight),
                {reads(planes), reads(rows), reads(levels), updates(gradient)});
}

} // namespace convscope
