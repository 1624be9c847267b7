#include "visualization/parameterizations/forms.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope {

namespace {

using Kind = ParameterizationKind;

constexpr ParameterizationForm table[] = {
    // in the order of ParameterizationKind
    {Kind::fft, "fft", "Spectrum", "A step changes frequencies, so that coarse shapes come as easily as fine ones.",
     0.25, 0.01, 0, true, true, false, fft_planes, fft_inverse},
    {Kind::pixel, "pixel", "Pixels", "Each by itself, which gives noisy images.", 1, 0.01, 0, false, true, false,
     pixel_planes, pixel_inverse},
    {Kind::laplacian, "laplacian", "Pyramid", "Pixels of four sizes, each twice the last.", 1, 0.01, 0, false, true,
     false, laplacian_planes, laplacian_inverse},
    {Kind::cppn, "cppn", "CPPN", "A small net that paints by coordinates: smooth shapes, at any size.", 1, 1, 0.005,
     false, false, false, cppn_planes, nullptr},
    {Kind::maco, "maco", "MACO", "Phases alone, with the frequencies that photos have.", 1, 1, 1, false, true, false,
     maco_planes, nullptr},
    {Kind::shared, "shared", "Shared", "Spectra and a coarse part that all images of a batch have in common.", 0.25,
     0.01, 0, true, true, true, shared_planes, nullptr},
};

} // namespace

std::span<const ParameterizationForm> parameterization_forms() { return table; }

const ParameterizationForm &form_of(ParameterizationKind kind) { return table[static_cast<std::size_t>(kind)]; }

std::vector<std::string> parameterization_names() {
  std::vector<std::string> names;
  for (const ParameterizationForm &form : table)
    names.emplace_back(form.name);
  return names;
}

ParameterizationKind parameterization_kind(std::string_view name, std::string_view option) {
  for (const ParameterizationForm &form : table)
    if (form.name == name)
      return form.kind;
  std::string hint = did_you_mean(name, parameterization_names());
  if (hint.empty())
    hint = fmt::format("; there are {}", fmt::join(parameterization_names(), ", "));
  throw UserError(fmt::format("{}: no parameterization '{}'{}", option, name, hint));
}

void set_parameterization(Recipe &recipe, ParameterizationKind kind) {
  if (recipe.parameterization == kind)
    return;
  const ParameterizationForm &form = form_of(kind), &before = form_of(recipe.parameterization);
  recipe.parameterization = kind;
  recipe.initial_deviation = form.initial_deviation;
  recipe.decorrelate_colours = form.decorrelated;
  if (form.rate > 0)
    recipe.lr = form.rate;
  else if (before.rate > 0)
    recipe.lr = Recipe{}.lr;
}

} // namespace convscope
