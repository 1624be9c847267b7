#include "doctor/objective_cases.h"

#include <fmt/format.h>

#include "doctor/noise.h"
#include "doctor/step_cases.h"

namespace convscope::doctor {

std::string ObjectiveCase::key(const char *output) const { return fmt::format("objective, {} > {}", text, output); }

Objective ObjectiveCase::objective() const {
  return parse_objective(text, small_net(), {}, [](const std::string &) { return noise(6, vector_seed); });
}

std::vector<ObjectiveCase> objective_cases() {
  return {{"direction(conv1, v.npy, 2)"},
          {"caricature(conv1, 0.5)"},
          {"match(conv2)"},
          {"2*stay(conv1)"},
          {"style(conv1)"},
          {"conv1:1 - 3*diversity(conv1)"},
          {"alignment(conv2)"},
          {"conv2:1@1,1,3x2 + stay(conv2) + 0.1*caricature(conv1)"},
          {"-tv"},
          {"-l1(0.25)"},
          {"-l2(0.5)"},
          {"-blur"}};
}

} // namespace convscope::doctor
