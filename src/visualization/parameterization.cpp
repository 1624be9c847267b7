#include "visualization/parameterization.h"

#include <algorithm>
#include <cmath>

#include "visualization/groups.h"

namespace convscope {

Parameterization::Parameterization(vulkan::Programs &programs, const Recipe &recipe, int batch, int height, int width)
    : programs_(programs), recipe_(recipe), batch_(batch), height_(height), width_(width) {
  if (spectral())
    fft_.emplace(programs.device(), height, width, 3 * batch);
}

int Parameterization::row_stride() const { return spectral() ? 2 * columns() : width_; }
int Parameterization::count() const { return 3 * height_ * row_stride(); }
int Parameterization::gradient_parts() const { return std::clamp(count() / 1024, 1, 1024); }

std::vector<std::int64_t> Parameterization::shape(std::int64_t batch) const {
  if (spectral())
    return {batch, 3, height_, columns(), 2};
  return {batch, 3, height_, width_};
}

Parameterization::Tensors Parameterization::make_tensors(Plan &plan) const {
  const std::size_t floats = std::size_t(batch_) * std::size_t(count());
  const std::size_t pixels = std::size_t(batch_) * 3 * std::size_t(height_) * std::size_t(width_);
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
  return spectral() ? frequency_scale(height_, width_, recipe_.decay) : std::vector<float>{0};
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
  plan.custom(inverse ? "fft inverse" : "fft forward", {updates(work)},
              [this, &plan, work, inverse](VkCommandBuffer commands) {
                fft_->append(commands, plan.slice(work).buffer, inverse);
              });
}

void Parameterization::append_image(Plan &plan, const Tensors &tensors) {
  if (spectral()) {
    const gpu::SpectrumParams params{3 * batch_, height_, width_, columns()};
    plan.dispatch("spectrum scale", programs_.get("spectrum_scale"),
                  image_groups(std::int64_t{height_} * columns(), 3 * batch_), params,
                  {reads(tensors.parameters), reads(tensors.scale), writes(tensors.work)});
    append_fft(plan, tensors.work, true);
  }
  const gpu::ColourParams params{batch_, height_, width_, row_stride(), gain()};
  plan.dispatch("colour", programs_.get("colour", {recipe_.decorrelate_colours ? 1U : 0U}),
                image_groups(std::int64_t{height_} * width_, batch_), params,
                {reads(spectral() ? tensors.work : tensors.parameters), writes(tensors.image)});
}

void Parameterization::append_init(Plan &plan, const Tensors &tensors, TensorId images) const {
  const gpu::InitParams params{count(), static_cast<float>(recipe_.initial_deviation)};
  plan.dispatch("init", programs_.get("param_init"), image_groups((count() + 3) / 4, batch_), params,
                {reads(images), writes(tensors.parameters)});
}

void Parameterization::append_gradient(Plan &plan, const Tensors &tensors, TensorId partials) {
  if (spectral())
    append_fft(plan, tensors.work, false);
  const gpu::GradientParams params{count(), height_, width_, columns(), gradient_parts()};
  plan.dispatch("parameter gradient", programs_.get("param_gradient", {spectral() ? 1U : 0U}),
                {std::uint32_t(gradient_parts()), std::uint32_t(batch_), 1}, params,
                {updates(tensors.work), reads(tensors.scale), writes(partials)});
}

} // namespace convscope
