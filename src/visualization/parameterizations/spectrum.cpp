#include "visualization/parameterizations/spectrum.h"

#include "vulkan/quirks.h"

namespace convscope {

Margins spectrum_margins(int height, int width) {
  const int h = spectrum_side(height), w = spectrum_side(width);
  return {h, w, (h - height) / 2, (w - width) / 2};
}

Spectrum::Spectrum(const PlanesRun &run) : image_(run.image), margins_(spectrum_margins(run.image.h, run.image.w)) {
  const int planes = run.image.c * run.batch;
  if (vulkan::has_quirk(run.programs.device().info(), vulkan::Quirk::no_vkfft))
    sums_.emplace(run.programs, margins_.height, margins_.width, planes);
  else
    fft_.emplace(run.programs.device(), margins_.height, margins_.width, planes);
}

gpu::PlaneLayout Spectrum::layout() const {
  const int row_stride = 2 * columns();
  return {margins_.height * row_stride, row_stride, margins_.top * row_stride + margins_.left};
}

bool Spectrum::larger() const { return margins_.height != image_.h || margins_.width != image_.w; }

void Spectrum::append(Plan &plan, TensorId work, bool inverse) {
  if (sums_)
    return sums_->append(plan, work, inverse);
  plan.custom(inverse ? "fft inverse" : "fft forward", {updates(work)},
              [this, &plan, work, inverse](VkCommandBuffer commands) {
                fft_->append(commands, plan.slice(work).buffer, inverse);
              });
}

} // namespace convscope
