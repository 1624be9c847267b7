// `fft`: the parameters are (N, C, H', W'/2+1) complex numbers S, the planes irfft2(S * scale).
#include <algorithm>
#include <cmath>

#include "visualization/groups.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameterizations/half_spectrum.h"
#include "visualization/parameterizations/spectrum.h"

namespace convscope {

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

namespace {

class FftPlanes : public Planes {
public:
  explicit FftPlanes(const PlanesRun &run) : Planes(run), spectrum_(run) {}

  std::vector<std::int64_t> shape(std::int64_t batch) const override {
    return {batch, run_.image.c, margins().height, spectrum_.columns(), 2};
  }
  Margins margins() const override { return spectrum_.margins(); }
  gpu::PlaneLayout layout() const override { return spectrum_.layout(); }
  std::vector<Own> own() const override {
    std::vector<float> scale = frequency_scale(margins().height, margins().width, run_.recipe.decay);
    const std::size_t size = scale.size();
    return {{"frequency scale", size, std::move(scale)}};
  }
  bool clears() const override { return spectrum_.larger(); }
  int spectral_count() const override { return count(); }

  TensorId append_planes(Plan &plan, const PlanesTensors &tensors) override {
    plan.dispatch("spectrum scale", run_.programs.get("spectrum_scale", {0U}),
                  image_groups(spectrum_.numbers(), run_.image.c * run_.batch), spectrum_.params(),
                  {reads(tensors.parameters), reads(tensors.own[0]), writes(tensors.work)});
    spectrum_.append(plan, tensors.work, true);
    return tensors.work;
  }
  void append_gradient(Plan &plan, const PlanesTensors &tensors) override {
    spectrum_.append(plan, tensors.work, false);
  }

private:
  Spectrum spectrum_;
};

} // namespace

std::unique_ptr<Planes> fft_planes(const PlanesRun &run) { return std::make_unique<FftPlanes>(run); }

Array fft_inverse(const Recipe &recipe, const Array &planes) {
  const int count = static_cast<int>(planes.shape[0]), height = static_cast<int>(planes.shape[1]),
            width = static_cast<int>(planes.shape[2]);
  const std::size_t pixels = std::size_t(height) * std::size_t(width);
  const std::vector<float> scale = frequency_scale(height, width, recipe.decay);
  Array result{{1, count, height, width / 2 + 1, 2}, {}};
  for (int c = 0; c < count; ++c) {
    const auto first = planes.data.begin() + static_cast<std::ptrdiff_t>(std::size_t(c) * pixels);
    const std::vector<double> plane(first, first + static_cast<std::ptrdiff_t>(pixels));
    const auto spectrum = half_spectrum(plane.data(), height, width);
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      const std::complex<double> s = spectrum[i] / (double(pixels) * scale[i]);
      result.data.push_back(static_cast<float>(s.real()));
      result.data.push_back(static_cast<float>(s.imag()));
    }
  }
  return result;
}

} // namespace convscope
