// `maco`: the parameters are phases (N, C, H', W'/2+1); magnitudes are those of photos. Both the phases and the planes
// that they make are standardized, all of an image's together.
#include <algorithm>
#include <array>

#include "visualization/groups.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameterizations/natural_spectrum.h"
#include "visualization/parameterizations/spectrum.h"

namespace convscope {

namespace {

// (N, planes, H, W), standardized image by image.
class Standardization {
public:
  Standardization(const PlanesRun &run, const gpu::MomentsParams &params) : run_(run), params_(params) {
    params_.parts = std::clamp(params.planes * params.height * params.width / 2048, 1, 256);
  }

  // x -> y; their moments stay in `moments`.
  void append(Plan &plan, TensorId x, TensorId y, TensorId moments) const {
    append_moments(plan, false, x, x, moments);
    plan.dispatch("standardize", run_.programs.get("standardize", {0}), groups(), params_,
                  {reads(x), writes(y), reads(moments), reads(moments)});
  }
  // The gradient with respect to y becomes that with respect to x.
  void append_gradient(Plan &plan, TensorId gradient, TensorId y, TensorId moments) const {
    const TensorId of_gradient = plan.transient("moments of the gradient", size());
    append_moments(plan, true, gradient, y, of_gradient);
    plan.dispatch("standardize gradient", run_.programs.get("standardize", {1}), groups(), params_,
                  {updates(gradient), reads(y), reads(moments), reads(of_gradient)});
  }

private:
  std::size_t size() const { return std::size_t(run_.batch) * sizeof(gpu::Moments); }
  std::array<std::uint32_t, 3> groups() const {
    return image_groups(std::int64_t{params_.planes} * params_.height * params_.width, run_.batch);
  }
  void append_moments(Plan &plan, bool adjoint, TensorId values, TensorId y, TensorId moments) const {
    const auto parts = static_cast<std::uint32_t>(params_.parts), images = static_cast<std::uint32_t>(run_.batch);
    const TensorId partial = plan.transient("parts of moments", std::size_t{images} * parts * 4 * sizeof(float));
    const std::uint32_t way = adjoint ? 1 : 0;
    plan.dispatch("moments", run_.programs.get("moments", {way, 0}), {parts, images, 1}, params_,
                  {reads(values), reads(y), writes(partial), reads(values)});
    plan.dispatch("moments", run_.programs.get("moments", {way, 1}), {1, images, 1}, params_,
                  {reads(values), reads(y), reads(partial), writes(moments)});
  }

  const PlanesRun run_;
  gpu::MomentsParams params_;
};

class MacoPlanes : public Planes {
public:
  explicit MacoPlanes(const PlanesRun &run)
      : Planes(run), spectrum_(run), magnitudes_(magnitudes()),
        phases_(run, {run.image.c, margins().height, spectrum_.columns(), static_cast<int>(spectrum_.numbers()),
                      spectrum_.columns(), 0}),
        image_(run, {run.image.c, margins().height, margins().width, layout().plane_stride, layout().row_stride, 0}) {
    run_.spectrum = nullptr; // is not needed any more
  }

  std::vector<std::int64_t> shape(std::int64_t batch) const override {
    return {batch, run_.image.c, margins().height, spectrum_.columns()};
  }
  Margins margins() const override { return spectrum_.margins(); }
  gpu::PlaneLayout layout() const override { return spectrum_.layout(); }
  bool in_place() const override { return false; }
  bool clears() const override { return spectrum_.larger(); }
  std::vector<Own> own() const override {
    const auto images = static_cast<std::size_t>(run_.batch);
    return {{"magnitudes", magnitudes_.size(), magnitudes_},
            {"standardized phases", images * static_cast<std::size_t>(count()), {}},
            {"standardized planes", images * static_cast<std::size_t>(work_count()), {}},
            {"moments of phases", 2 * images, {}},
            {"moments of planes", 2 * images, {}}};
  }

  TensorId append_planes(Plan &plan, const PlanesTensors &tensors) override {
    phases_.append(plan, tensors.parameters, tensors.own[phases], tensors.own[phase_moments]);
    plan.dispatch("spectrum of phases", run_.programs.get("maco_spectrum"), groups(), params(),
                  {reads(tensors.own[phases]), reads(tensors.own[magnitude]), writes(tensors.work)});
    spectrum_.append(plan, tensors.work, true);
    image_.append(plan, tensors.work, tensors.own[planes], tensors.own[plane_moments]);
    return tensors.own[planes];
  }
  void append_gradient(Plan &plan, const PlanesTensors &tensors) override {
    image_.append_gradient(plan, tensors.work, tensors.own[planes], tensors.own[plane_moments]);
    spectrum_.append(plan, tensors.work, false);
    plan.dispatch(
        "gradient of phases", run_.programs.get("maco_gradient"), groups(), params(),
        {reads(tensors.own[phases]), reads(tensors.own[magnitude]), reads(tensors.work), writes(tensors.gradient)});
    phases_.append_gradient(plan, tensors.gradient, tensors.own[phases], tensors.own[phase_moments]);
  }

private:
  enum { magnitude, phases, planes, phase_moments, plane_moments }; // own tensors

  std::vector<float> magnitudes() const {
    const Margins whole = margins();
    std::vector<float> all = run_.spectrum != nullptr
                                 ? resized_spectrum(*run_.spectrum, run_.image.c, whole.height, whole.width)
                                 : natural_spectrum(run_.image.c, whole.height, whole.width);
    for (float &m : all) // the inverse transform's factor
      m = static_cast<float>(double(m) / (double(whole.height) * whole.width));
    return all;
  }
  gpu::SpectrumParams params() const {
    gpu::SpectrumParams params = spectrum_.params();
    params.planes = run_.image.c;
    return params;
  }
  std::array<std::uint32_t, 3> groups() const { return image_groups(spectrum_.numbers(), run_.image.c * run_.batch); }

  Spectrum spectrum_;
  std::vector<float> magnitudes_;
  Standardization phases_, image_;
};

} // namespace

std::unique_ptr<Planes> maco_planes(const PlanesRun &run) { return std::make_unique<MacoPlanes>(run); }

} // namespace convscope
