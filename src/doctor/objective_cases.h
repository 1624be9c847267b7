// Terms of objectives on a small net and small pictures: a case uses kernels that the others don't.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "visualization/objective.h"

namespace convscope::doctor {

struct ObjectiveCase { // of step_cases.h's small_net(); preprocessed pictures, noise in -1..1
  std::string text;
  std::string key(const char *output) const;
  Objective objective() const;
  static constexpr int images = 3, height = 12, width = 10;
  static constexpr std::uint64_t input_seed = 61, photo_seed = 62, style_seed = 63, vector_seed = 64;
};
std::vector<ObjectiveCase> objective_cases();

} // namespace convscope::doctor
