// The doctor's right values, computed anew in double by tests/reference.
#pragma once

#include <string>
#include <vector>

#include "doctor/right_values.h"
#include "reference/tensor.h"

namespace convscope::doctor {

struct Computation { // of one output
  std::string key;
  reference::Tensor values;
};

std::vector<Computation> kernel_computations();
std::vector<Computation> step_computations();
std::vector<Computation> objective_computations();
std::vector<Computation> net_computations();

// Of the ReLUs in the kernels' cases that rounding could decide: "case > node: value". Float32 must not have to.
std::vector<std::string> close_decisions();

} // namespace convscope::doctor
