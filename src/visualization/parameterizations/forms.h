// The family of parameterizations: what each is called, what it needs, and what makes it. To add one is to add a
// ParameterizationKind, a row of forms.cpp, and a file.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "visualization/parameterizations/planes.h"
#include "visualization/recipe.h"

namespace convscope {

struct ParameterizationForm {
  ParameterizationKind kind;
  std::string_view name;
  std::string_view label, help; // for menus
  double gain;                  // of the planes, before the sigmoid
  double initial_deviation;     // of the parameters, where a recipe takes another parameterization than its own
  double rate;                  // and the rate then, where it is not the recipe's; 0: it is
  bool decays;                  // Recipe::decay is of it
  bool decorrelated;            // colours, where a recipe takes it instead of its own
  bool coupled;                 // the images of a batch have parameters in common: none is the same alone
  std::unique_ptr<Planes> (*make)(const PlanesRun &run);
  // The parameters (1, ...) that make planes (C,H,W), where there is a way back; H and W are those of margins_of().
  Array (*inverse)(const Recipe &recipe, const Array &planes);
};

std::span<const ParameterizationForm> parameterization_forms();
const ParameterizationForm &form_of(ParameterizationKind kind);
std::vector<std::string> parameterization_names();
// UserError with the nearest name; `option` begins it.
ParameterizationKind parameterization_kind(std::string_view name, std::string_view option);
// The recipe with another parameterization, and with the deviation, colours and rate that go with that one.
void set_parameterization(Recipe &recipe, ParameterizationKind kind);

// The members, a file each.
std::unique_ptr<Planes> fft_planes(const PlanesRun &run);
std::unique_ptr<Planes> pixel_planes(const PlanesRun &run);
std::unique_ptr<Planes> laplacian_planes(const PlanesRun &run);
std::unique_ptr<Planes> cppn_planes(const PlanesRun &run);
std::unique_ptr<Planes> maco_planes(const PlanesRun &run);
std::unique_ptr<Planes> shared_planes(const PlanesRun &run);
Array fft_inverse(const Recipe &recipe, const Array &planes);
Array pixel_inverse(const Recipe &recipe, const Array &planes);
Array laplacian_inverse(const Recipe &recipe, const Array &planes);

} // namespace convscope
