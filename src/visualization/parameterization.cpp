#include "visualization/parameterization.h"

#include <algorithm>
#include <cmath>

#include "visualization/groups.h"
#include "vulkan/quirks.h"

namespace convscope {

double image_gain(const Recipe &recipe, int planes) {
  constexpr double light = (0.26 + 0.27 + 0.27) / 3 / 0.461952; // of shaders/colour.glsl's first column
  return (recipe.parameterization == ParameterizationKind::fft ? 0.25 : 1) * (planes == 3 ? 1 : light);
}

Margins margins_of(const Recipe &recipe, int height, int width) {
  if (recipe.parameterization != ParameterizationKind::fft)
    return {height, width, 0, 0};
  const int h = spectrum_side(height), w = spectrum_side(width);
  return {h, w, (h - height) / 2, (w - width) / 2};
}

Parameterization::Parameterization(vulkan::Programs &programs, const Recipe &recipe, int batch, const Shape &image)
    : programs_(programs), recipe_(recipe), batch_(batch), image_(image),
      margins_(margins_of(recipe, image.h, image.w)) {
  if (spectral() && vulkan::has_quirk(programs.device().info(), vulkan::Quirk::no_vkfft))
    sums_.emplace(programs, margins_.height, margins_.width, image.c * batch);
  else if (spectral())
    fft_.emplace(programs.device(), margins_.height, margins_.width, image.c * batch);
}

gpu::PlaneLayout Parameterization::layout() const {
  const int row_stride = spectral() ? 2 * columns() : image_.w;
  return {margins_.height * row_stride, row_stride, margins_.top * row_stride + margins_.left};
}
int Parameterization::count() const { return image_.c * layout().plane_stride; }
// Workgroups, whose sums another adds up: a large GPU wants hundreds, a CPU few.
int Parameterization::gradient_parts() const {
  return std::clamp(count() / (programs_.device().info().is_cpu() ? 1024 : 256), 1, 1024);
}

std::vector<std::int64_t> Parameterization::shape(std::int64_t batch) const {
  if (spectral())
    return {batch, image_.c, margins_.height, columns(), 2};
  return {batch, image_.c, image_.h, image_.w};
}

Parameterization::Tensors Parameterization::make_tensors(Plan &plan) const {
  const std::size_t floats = std::size_t(batch_) * std::size_t(count());
  const std::size_t pixels = std::size_t(batch_) * std::size_t(image_.elements());
  Tensors tensors{};
  tensors.parameters = plan.persistent("parameters", floats * sizeof(float));
  tensors.image = plan.persistent("image", pixels * sizeof(float));
  tensors.work = plan.persistent("spectrum", floats * sizeof(float));
  tensors.scale = plan.persistent("frequency scale", scale_table().size() * sizeof(float));
  return tensors;
}

Parameterization::Tensors Parameterization::share(const Plan &owner, const Tensors &tensors, Plan &with) {
  const auto shared = [&](const char *name, TensorId tensor) { return with.external(name, owner.slice(tensor)); };
  return {shared("parameters", tensors.parameters), shared("image", tensors.image), shared("spectrum", tensors.work),
          shared("frequency scale", tensors.scale)};
}

std::vector<float> Parameterization::scale_table() const {
  return spectral() ? frequency_scale(margins_.height, margins_.width, recipe_.decay) : std::vector<float>{0};
}

std::vector<float> frequency_scale(int height, int width, double decay) {
  const double lowest = 1.0 / std::max(height, width), pixels = double(height) * width;
  std::vector<float> scale;
  for (int j = 0; j < height; ++j)
    for (int k = 0; k <= width / 2; ++k) {
      const double f = std::hypot(double(std::min(j, height - j)) / height, double(k) / width);
      // The inverse transform's 1/(HW) goes into the scale, as it is a factor of its gradient, too.
      scale.push_back(static_cast<float>(std::sqrt(pixels) / std::pow(std::max(f, lowest), decay) / pixels));
    }
  return scale;
}

void Parameterization::append_fft(Plan &plan, TensorId work, bool inverse) {
  if (sums_)
    return sums_->append(plan, work, inverse);
  plan.custom(inverse ? "fft inverse" : "fft forward", {updates(work)},
              [this, &plan, work, inverse](VkCommandBuffer commands) {
                fft_->append(commands, plan.slice(work).buffer, inverse);
              });
}

void Parameterization::append_image(Plan &plan, const Tensors &tensors) {
  if (spectral()) {
    const gpu::SpectrumParams params{margins_.height, margins_.width, columns()};
    plan.dispatch("spectrum scale", programs_.get("spectrum_scale"),
                  image_groups(std::int64_t{margins_.height} * columns(), image_.c * batch_), params,
                  {reads(tensors.parameters), reads(tensors.scale), writes(tensors.work)});
    append_fft(plan, tensors.work, true);
  }
  const gpu::ColourParams params{image_.h, image_.w, layout(), gain()};
  plan.dispatch("colour", programs_.get("colour", {decorrelated() ? 1U : 0U}),
                image_groups(std::int64_t{image_.h} * image_.w, decorrelated() ? batch_ : image_.c * batch_), params,
                {reads(spectral() ? tensors.work : tensors.parameters), writes(tensors.image)});
}

void Parameterization::append_init(Plan &plan, const Tensors &tensors, TensorId images) const {
  const gpu::InitParams params{count(), static_cast<float>(recipe_.initial_deviation)};
  plan.dispatch("init", programs_.get("param_init"), image_groups((count() + 3) / 4, batch_), params,
                {reads(images), writes(tensors.parameters)});
}

void Parameterization::append_clear(Plan &plan, const Tensors &tensors) const {
  if (margins_.height != image_.h || margins_.width != image_.w)
    plan.fill(tensors.work, 0);
}

void Parameterization::append_gradient(Plan &plan, const Tensors &tensors, TensorId partials) {
  if (spectral())
    append_fft(plan, tensors.work, false);
  const gpu::GradientParams params{count(), margins_.height, margins_.width, columns(), gradient_parts()};
  plan.dispatch("parameter gradient", programs_.get("param_gradient", {spectral() ? 1U : 0U}),
                {std::uint32_t(gradient_parts()), std::uint32_t(batch_), 1}, params,
                {updates(tensors.work), reads(tensors.scale), writes(partials)});
}

} // namespace convscope
