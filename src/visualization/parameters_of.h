// The way back: the parameters whose image is a given one, to go on from a photo, or with another parameterization.
#pragma once

#include <cstddef>
#include <vector>

#include "base/array.h"
#include "visualization/recipe.h"

namespace convscope {

// `image` is (C,H,W), 0..1; values are first brought inside by 1/512, as 0 and 1 have no finite parameters. Gives what
// OptimizationOptions::init takes, on the host. UserError for another shape, and where check_invertible() throws.
Array parameters_of(const Array &image, const Recipe &recipe);
// UserError where the recipe's parameterization has no way back.
void check_invertible(const Recipe &recipe);

// Red, green and blue (3, pixels) become the channels that they are made of.
void decorrelate(std::vector<double> &planes, std::size_t pixels);

} // namespace convscope
