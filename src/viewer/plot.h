// Curves over the last steps.
#pragma once

#include <span>

namespace convscope::viewer {

// A line of `values`, and one of `second` in another colour, of which the last belongs to step `last_step`; with the
// largest and smallest value, and the value under the mouse. What is no number is left out.
void plot(const char *name, std::span<const float> values, std::span<const float> second, int last_step, float height);

} // namespace convscope::viewer
