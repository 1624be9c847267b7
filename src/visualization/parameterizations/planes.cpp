#include "visualization/parameterizations/planes.h"

#include "visualization/groups.h"

namespace convscope {

int Planes::count() const {
  std::int64_t count = 1;
  for (const std::int64_t side : shape(1))
    count *= side;
  return static_cast<int>(count);
}

void Planes::append_init(Plan &plan, const PlanesTensors &tensors, TensorId images) const {
  append_normal(plan, tensors, images, 0, count(), run_.recipe.initial_deviation);
}

void Planes::append_normal(Plan &plan, const PlanesTensors &tensors, TensorId images, int first, int size,
                           double deviation, bool common) const {
  const gpu::InitParams params{count(), static_cast<float>(deviation), first, size, common ? 1 : 0};
  plan.dispatch("init", run_.programs.get("param_init"), image_groups((size + 3) / 4, run_.batch), params,
                {reads(images), updates(tensors.parameters)});
}

} // namespace convscope
