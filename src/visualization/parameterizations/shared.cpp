// `shared`, for aligned interpolation: the planes are those of each image's own spectrum and, of the whole batch, the
// sum of coarse tensors, some of which go from one for its first image to another for its last.
#include <algorithm>

#include "visualization/groups.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameterizations/pyramid.h"
#include "visualization/parameterizations/spectrum.h"

namespace convscope {

namespace {

// The published sizes are of an image of 128 pixels: 64, 32, 16 and 8 a side.
std::vector<Pyramid::Level> levels_of(const Shape &image) {
  const auto level = [&](int part, int slots) {
    return Pyramid::Level{std::max(1, image.h / part), std::max(1, image.w / part), slots};
  };
  return {level(2, 1), level(4, 1), level(8, 3), level(16, 3)};
}

class SharedPlanes : public Planes {
public:
  explicit SharedPlanes(const PlanesRun &run)
      : Planes(run), spectrum_(run),
        pyramid_(run, levels_of(run.image), spectral_count(), spectral_count() + coarse(), true) {}

  std::vector<std::int64_t> shape(std::int64_t batch) const override { return {batch, spectral_count() + coarse()}; }
  Margins margins() const override { return spectrum_.margins(); }
  gpu::PlaneLayout layout() const override { return spectrum_.layout(); }
  bool in_place() const override { return false; }
  bool clears() const override { return spectrum_.larger(); }
  int spectral_count() const override { return run_.image.c * layout().plane_stride; }
  std::vector<Own> own() const override {
    std::vector<float> scale = frequency_scale(margins().height, margins().width, run_.recipe.decay);
    std::vector<float> table = pyramid_.table();
    const std::size_t scales = scale.size(), levels = table.size();
    return {{"frequency scale", scales, std::move(scale)}, {"levels", levels, std::move(table)}};
  }

  // The coarse part by the first image's key.
  void append_init(Plan &plan, const PlanesTensors &tensors, TensorId images) const override {
    append_normal(plan, tensors, images, 0, spectral_count(), run_.recipe.initial_deviation);
    append_normal(plan, tensors, images, spectral_count(), coarse(), run_.recipe.initial_deviation, true);
  }
  TensorId append_planes(Plan &plan, const PlanesTensors &tensors) override {
    append_spectra(plan, tensors.parameters, tensors.own[0], tensors.work);
    spectrum_.append(plan, tensors.work, true);
    pyramid_.append(plan, tensors.parameters, tensors.own[1], tensors.work, layout(), weight(), true);
    return tensors.work;
  }
  void append_gradient(Plan &plan, const PlanesTensors &tensors) override {
    pyramid_.append_gradient(plan, tensors.work, tensors.own[1], tensors.gradient, layout(), weight());
    spectrum_.append(plan, tensors.work, false);
    const gpu::PartParams params{spectral_count(), spectral_count(), count()};
    plan.dispatch("own gradient", run_.programs.get("copy_part"), image_groups(params.size, run_.batch), params,
                  {reads(tensors.work), updates(tensors.gradient)});
  }

private:
  int coarse() const {
    int size = 0;
    for (const Pyramid::Level &level : levels_of(run_.image))
      size += level.slots * run_.image.c * level.height * level.width;
    return size + size % 2; // complex numbers begin at even places
  }
  // What is enlarged counts in what the sigmoid takes, whatever the spectrum's factor is.
  float weight() const { return static_cast<float>(1 / form_of(ParameterizationKind::shared).gain); }
  void append_spectra(Plan &plan, TensorId parameters, TensorId scale, TensorId work) const {
    gpu::SpectrumParams params = spectrum_.params();
    params.planes = run_.image.c;
    params.stride = count();
    plan.dispatch("spectrum scale", run_.programs.get("spectrum_scale", {1U}),
                  image_groups(spectrum_.numbers(), run_.image.c * run_.batch), params,
                  {reads(parameters), reads(scale), writes(work)});
  }

  Spectrum spectrum_;
  Pyramid pyramid_;
};

} // namespace

std::unique_ptr<Planes> shared_planes(const PlanesRun &run) { return std::make_unique<SharedPlanes>(run); }

} // namespace convscope
