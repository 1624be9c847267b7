// Curves over the last steps.
#pragma once

#include <span>

namespace convscope::viewer {

// One value a step, up to `last_step`.
struct Curve {
  std::span<const float> values;
  int last_step = 0;
};

// A line of the first and, in another colour, of the second, over the same steps; with the largest and smallest value,
// and the values under the mouse. What is no number is left out.
void plot(const char *name, const Curve &first, const Curve &second, float height);

} // namespace convscope::viewer
