#include "visualization/parameterization.h"

#include <algorithm>
#include <span>

#include "visualization/groups.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameterizations/spectrum.h"

namespace convscope {

double image_gain(const Recipe &recipe, int planes) {
  constexpr double light = (0.26 + 0.27 + 0.27) / 3 / 0.461952; // of shaders/colour.glsl's first column
  return form_of(recipe.parameterization).gain * (planes == 3 ? 1 : light);
}

float opacity_gain(const Recipe &recipe) { return static_cast<float>(form_of(recipe.parameterization).gain); }

void append_colours(Plan &plan, const Recipe &recipe, int batch, const Shape &image, bool opacity,
                    const gpu::PlaneLayout &layout, TensorId planes, TensorId to) {
  const int colours = opacity ? image.c - 1 : image.c;
  const auto append = [&](bool decorrelated, int first, int count, double gain) {
    const gpu::ColourParams params{image.h, image.w, layout, static_cast<float>(gain), image.c, first, count};
    plan.dispatch("colour", plan.programs().get("colour", {decorrelated ? 1U : 0U}),
                  image_groups(std::int64_t{image.h} * image.w, decorrelated ? batch : count * batch), params,
                  {reads(planes), first == 0 ? writes(to) : updates(to)});
  };
  append(decorrelates(recipe, colours), 0, colours, image_gain(recipe, colours));
  if (opacity)
    append(false, colours, 1, opacity_gain(recipe));
}

Margins margins_of(const Recipe &recipe, int height, int width) {
  if (recipe.parameterization == ParameterizationKind::fft)
    return spectrum_margins(height, width);
  return {height, width, 0, 0};
}

Parameterization::Parameterization(vulkan::Programs &programs, const Recipe &recipe, int batch, const Shape &image,
                                   const Array *spectrum, bool opacity)
    : programs_(programs), recipe_(recipe), batch_(batch), image_(image), colours_(opacity ? image.c - 1 : image.c),
      opacity_(opacity), planes_(form_of(recipe.parameterization).make({programs, recipe, batch, image, spectrum})) {}

// Workgroups, whose sums another adds up: a large GPU wants hundreds, a CPU few.
int Parameterization::gradient_parts() const {
  return std::clamp(count() / (programs_.device().info().is_cpu() ? 1024 : 256), 1, 1024);
}

int Parameterization::largest_count() const {
  std::size_t largest = std::max(static_cast<std::size_t>(count()), static_cast<std::size_t>(planes_->work_count()));
  for (const Planes::Own &own : planes_->own())
    largest = std::max(largest, own.floats / static_cast<std::size_t>(batch_));
  return static_cast<int>(largest);
}

Parameterization::Tensors Parameterization::make_tensors(Plan &plan) const {
  const auto images = static_cast<std::size_t>(batch_);
  const auto make = [&](const char *name, int floats) {
    return plan.persistent(name, images * static_cast<std::size_t>(floats) * sizeof(float));
  };
  Tensors tensors{};
  tensors.parameters = make("parameters", count());
  tensors.image = make("image", static_cast<int>(image_.elements()));
  tensors.work = make("spectrum", planes_->work_count());
  tensors.gradient = planes_->in_place() ? tensors.work : make("parameter gradient", count());
  for (const Planes::Own &own : planes_->own())
    tensors.own.push_back(plan.persistent(own.name, own.floats * sizeof(float)));
  return tensors;
}

void Parameterization::write_tables(Plan &plan, const Tensors &tensors) const {
  const std::vector<Planes::Own> own = planes_->own();
  for (std::size_t i = 0; i < own.size(); ++i)
    if (!own[i].values.empty())
      plan.write(tensors.own[i], std::as_bytes(std::span(own[i].values)));
}

Parameterization::Tensors Parameterization::share(const Plan &owner, const Tensors &tensors, Plan &with) {
  const auto shared = [&](const char *name, TensorId tensor) { return with.external(name, owner.slice(tensor)); };
  Tensors result{};
  result.parameters = shared("parameters", tensors.parameters);
  result.image = shared("image", tensors.image);
  result.work = shared("spectrum", tensors.work);
  result.gradient = tensors.gradient == tensors.work ? result.work : shared("parameter gradient", tensors.gradient);
  for (const TensorId own : tensors.own)
    result.own.push_back(shared("of the parameterization", own));
  return result;
}

void Parameterization::append_image(Plan &plan, const Tensors &tensors) {
  const TensorId planes = planes_->append_planes(plan, tensors);
  append_colours(plan, recipe_, batch_, image_, opacity_, layout(), planes, tensors.image);
}

void Parameterization::append_init(Plan &plan, const Tensors &tensors, TensorId images) const {
  planes_->append_init(plan, tensors, images);
}

void Parameterization::append_clear(Plan &plan, const Tensors &tensors) const {
  if (planes_->clears())
    plan.fill(tensors.work, 0);
}

void Parameterization::append_gradient(Plan &plan, const Tensors &tensors, TensorId partials) {
  planes_->append_gradient(plan, tensors);
  const Margins whole = planes_->margins();
  const int spectral = planes_->spectral_count();
  const gpu::GradientParams params{count(), whole.height, whole.width, whole.width / 2 + 1, gradient_parts(), spectral};
  plan.dispatch("parameter gradient", programs_.get("param_gradient", {spectral > 0 ? 1U : 0U}),
                {std::uint32_t(gradient_parts()), std::uint32_t(batch_), 1}, params,
                {updates(tensors.gradient), reads(tensors.own.at(0)), writes(partials)});
}

} // namespace convscope
