// Where a unit is in its layer's map of an optimized image, and what the net needs to have one.
#pragma once

#include "graph/graph.h"
#include "viewer/state.h"
#include "visualization/recipe.h"

namespace convscope::viewer {

// OptimizationOptions::input_size for a square image of `size`: 0 where the net takes its canvas as it is, the net's
// own size where the layer is to be had at that alone, as behind a dense head.
int input_size_for(const Graph &graph, NodeId layer, const Recipe &recipe, int size);

// The side of the square that the net then gets.
int net_side(const Graph &graph, NodeId layer, const Recipe &recipe, int size);

// The unit with x and y of the place, where one is chosen, in the map of an image of `size`. UserError where the net
// has no such layer, or no such map.
Unit placed(const Graph &graph, Unit unit, Place place, const Recipe &recipe, int size);

} // namespace convscope::viewer
