// The way back: the parameters whose image is a given one, to go on from a photo, or with another parameterization.
#pragma once

#include "base/array.h"
#include "visualization/recipe.h"

namespace convscope {

// `image` is (C,H,W), 0..1; values are first brought inside by 1/512, as 0 and 1 have no finite parameters. Gives what
// OptimizationOptions::init takes, on the host. UserError for another shape.
Array parameters_of(const Array &image, const Recipe &recipe);

} // namespace convscope
