#include "visualization/opacity_steps.h"

#include "visualization/groups.h"

namespace convscope {

gpu::CompositeParams OpacitySteps::params() const {
  return {image_.h, image_.w, image_.c, {}, static_cast<float>(image_gain(recipe_, image_.c)), opacity_gain(recipe_)};
}

TensorId OpacitySteps::append_seen(Plan &plan, TensorId image, TensorId state, TensorId images) {
  const std::size_t bytes = std::size_t(batch_) * std::size_t(image_.elements()) * sizeof(float);
  const auto groups = image_groups(std::int64_t{image_.h} * image_.w, batch_);
  backdrop_ = plan.transient("backdrop", bytes);
  const TensorId seen = plan.transient("what is seen", bytes);
  plan.dispatch("backdrop", plan.programs().get("backdrop", {decorrelates(recipe_, image_.c) ? 1U : 0U}), groups,
                gpu::BackdropParams{image_.h, image_.w, image_.c}, {reads(state), reads(images), writes(backdrop_)});
  plan.dispatch("composite", plan.programs().get("composite"), groups, params(),
                {reads(image), reads(backdrop_), writes(seen)});
  return seen;
}

void OpacitySteps::append_gradient(Plan &plan, TensorId gradient, TensorId image, TensorId values, int parts,
                                   TensorId work, const Parameterization &parameterization) const {
  const TensorId factors = plan.transient("opacities", std::size_t(batch_) * 2 * sizeof(float));
  plan.dispatch("opacity", plan.programs().get("opacity"), {1, static_cast<std::uint32_t>(batch_), 1},
                gpu::OpacityParams{image_.h * image_.w, image_.c, parts},
                {reads(image), reads(values), writes(factors)});
  gpu::CompositeParams back = params();
  back.place = parameterization.layout();
  plan.dispatch("composite gradient",
                plan.programs().get("composite_adjoint", {decorrelates(recipe_, image_.c) ? 1U : 0U}),
                image_groups(std::int64_t{image_.h} * image_.w, batch_), back,
                {reads(gradient), reads(image), reads(backdrop_), reads(factors), writes(work)});
}

} // namespace convscope
