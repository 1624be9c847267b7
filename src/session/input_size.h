// At which size of the input layers are to be had: graphs of files that compute from it are read again there.
#pragma once

#include <vector>

#include "base/array.h"
#include "importer/model.h"
#include "visualization/objective.h"
#include "visualization/recipe.h"

namespace convscope {

Size size_of(const Array &input); // (N,C,H,W)

// Of a node of model.graph, at another size of the input. UserError where it can't be had there.
Shape shape_at(const Model &model, NodeId layer, Size input);
// Whether all of them are to be had there.
bool runs_at(const Model &model, const std::vector<NodeId> &layers, Size input);

// OptimizationOptions::input_size for an image of that size: not given where the net takes the canvas as it is, the
// net's own size where the layers are to be had at that alone, as behind a dense head.
Size input_size_for(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image);
// The size of an image with about as many pixels as a square of `side`. Where `input_size` is given and not square, the
// canvas has its proportions: what the image shows is not squashed on its way into the net.
Size image_size(const Recipe &recipe, int side, Size input_size);
// Itself, or where it is too small for the layers and larger ones are not, the least in its proportions that does.
Size least_image(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image);
// UserError where an image of that size is too small for the layers: says which one is not.
void check_image(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image);
// The same as image_size() of an image for those layers, without a wish of the user's for `input_size`; larger where
// they need it.
Size image_size_for(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, int side);
// As many pixels as a square of `side`, in the proportions of a photo.
Size in_proportions_of(Size photo, int side);
// The same of an image for an objective: of one that compares with a photo, in that one's proportions, unless the net
// wants its own. A photo is not given where there is none.
Size image_size_for(const Model &model, const Objective &objective, const Recipe &recipe, int side, Size photo);
// ObjectiveError, or UserError of a layer that can't be had, where the objective does not fit the net with images of
// that size; `input_size` as input_size_for() has it.
void check_objective(const Model &model, const Objective &objective, const Recipe &recipe, Size image, Size input_size);
// What the net then gets; `input_size` as above or as the user wishes.
Size net_size(Size input_size, const Recipe &recipe, Size image);

} // namespace convscope
