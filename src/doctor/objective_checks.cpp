// The terms of objectives on the device: value and gradient of each case of objective_cases.h.
#include <numeric>

#include "doctor/checks.h"
#include "doctor/noise.h"
#include "doctor/objective_cases.h"
#include "doctor/step_cases.h"
#include "plan/weights.h"
#include "visualization/gradient.h"

namespace convscope::doctor {

namespace {

Computed objective(vulkan::Programs &programs, const ObjectiveCase &of) {
  constexpr std::int64_t n = ObjectiveCase::images, h = ObjectiveCase::height, w = ObjectiveCase::width;
  const auto pictures = [](std::uint64_t seed) { return Array{{n, 3, h, w}, noise(std::size_t{n * 3 * h * w}, seed)}; };
  Weights weights(programs.device());
  GradientResult made =
      gradient_of(programs, weights, small_net(), pictures(ObjectiveCase::input_seed), of.objective(), Precision::fp32,
                  {pictures(ObjectiveCase::photo_seed), pictures(ObjectiveCase::style_seed)});
  const double value = std::accumulate(made.values.begin(), made.values.end(), 0.0);
  return {{{of.key("value"), {static_cast<float>(value)}}, {of.key("gradient"), std::move(made.gradient.data)}},
          std::move(made.kernels)};
}

} // namespace

std::vector<Check> objective_checks() {
  std::vector<Check> checks;
  for (const ObjectiveCase &of : objective_cases())
    checks.push_back(
        {"objective", of.text, 1e-5, {}, {}, {}, [of](vulkan::Programs &programs) { return objective(programs, of); }});
  return checks;
}

} // namespace convscope::doctor
