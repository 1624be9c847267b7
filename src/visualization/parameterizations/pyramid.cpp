#include "visualization/parameterizations/pyramid.h"

#include <utility>

#include "visualization/groups.h"

namespace convscope {

Pyramid::Pyramid(const PlanesRun &run, std::vector<Level> levels, int first, int count, bool common)
    : run_(run), levels_(std::move(levels)), first_(first), count_(count), common_(common) {
  for (const Level &level : levels_)
    size_ += level.slots * run.image.c * level.height * level.width;
}

std::vector<float> Pyramid::table() const {
  std::vector<float> table;
  int first = 0;
  for (const Level &level : levels_) {
    for (const int number : {level.height, level.width, first, level.slots})
      table.push_back(static_cast<float>(number));
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
  plan.dispatch("pyramid", run_.programs.get("pyramid", {add ? 1U : 0U}),
                image_groups(std::int64_t{run_.image.h} * run_.image.w, run_.image.c * run_.batch),
                params(layout, weight), {reads(parameters), reads(levels), add ? updates(planes) : writes(planes)});
}

void Pyramid::append_gradient(Plan &plan, TensorId planes, TensorId levels, TensorId gradient,
                              const gpu::PlaneLayout &layout, float weight) const {
  plan.dispatch("pyramid gradient", run_.programs.get("pyramid_adjoint", {common_ ? 1U : 0U}),
                image_groups(count_ - first_, common_ ? 1 : run_.batch), params(layout, weight),
                {reads(planes), reads(levels), updates(gradient)});
}

} // namespace convscope
