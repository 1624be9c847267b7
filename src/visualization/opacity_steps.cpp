#include "visualization/opacity_steps.h"

#include <algorithm>

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

void append_saliency(Plan &plan, int batch, const Shape &image, TensorId gradient, TensorId saliency) {
  plan.dispatch("saliency", plan.programs().get("saliency"), image_groups(std::int64_t{image.h} * image.w, batch),
                gpu::OpacityParams{image.h * image.w, image.c, 0}, {reads(gradient), updates(saliency)});
}

Array with_opacity(const Array &images, const std::vector<float> &saliency) {
  const std::int64_t count = images.shape.at(0), pixels = images.shape.at(2) * images.shape.at(3);
  const std::int64_t each = images.shape.at(1) * pixels;
  Array result{{count, images.shape[1] + 1, images.shape[2], images.shape[3]}, {}};
  for (std::int64_t n = 0; n < count; ++n) {
    const auto image = images.data.begin() + n * each;
    result.data.insert(result.data.end(), image, image + each);
    const auto own = saliency.begin() + n * pixels;
    std::vector<float> sorted(own, own + pixels);
    const auto high = sorted.begin() + (pixels - 1) * 4 / 5;
    std::nth_element(sorted.begin(), high, sorted.end());
    const float full = *high > 0 ? *high : *std::max_element(sorted.begin(), sorted.end());
    for (std::int64_t i = 0; i < pixels; ++i)
      result.data.push_back(full > 0 ? std::min(own[i] / full, 1.0F) : 1.0F);
  }
  return result;
}

} // namespace convscope
