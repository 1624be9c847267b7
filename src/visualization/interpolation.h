// A path between two objectives: images that go from one to the other.
#pragma once

#include <vector>

#include "visualization/objective.h"
#include "visualization/recipe.h"

namespace convscope {

// By which a path's images are made, if nothing else is asked for: `shared`, so that they are alike, at a fifth of the
// rate, since the tensors add up, and colours saturate at the whole one.
void follow_path(Recipe &recipe);

// `count` objectives, 2 or more: that of image i is (1 - t) from + t to, t = i / (count - 1), a term that both have
// being one. All have the same terms, so that they run as one batch; each has random numbers of its own. UserError
// where a term between images is not the same in both: these weigh alike in all.
std::vector<Objective> interpolated(const Objective &from, const Objective &to, int count);

} // namespace convscope
