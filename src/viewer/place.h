// Where a unit is in its layer's map of an optimized image.
#pragma once

#include "importer/model.h"
#include "viewer/state.h"
#include "visualization/recipe.h"

namespace convscope::viewer {

// The unit with x and y of the place, where one is chosen, in the map of an image of that size. UserError where the net
// has no such layer, or no such map.
Unit placed(const Model &model, Unit unit, Place place, const Recipe &recipe, Size image);

} // namespace convscope::viewer
