// A path between two objectives: images that go from one to the other.
#pragma once

#include <vector>

#include "visualization/objective.h"

namespace convscope {

// The rate of images that have tensors in common, over that of others: six tensors add up, and at the whole rate
// colours saturate.
inline constexpr double path_slower = 5;

// `count` objectives, 2 or more: that of image i is (1 - t) from + t to, t = i / (count - 1), a term that both have
// being one. All have the same terms, so that they run as one batch; each has random numbers of its own. UserError
// where a term between images is not the same in both: these weigh alike in all.
std::vector<Objective> interpolated(const Objective &from, const Objective &to, int count);

} // namespace convscope
