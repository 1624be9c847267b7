// The nearest vectors of each vector, by the angle between them: exact, by the convolutions' kernels.
#pragma once

#include <functional>
#include <vector>

#include "base/array.h"
#include "vulkan/program.h"

namespace convscope {

struct Neighbours {
  int points = 0, count = 0;    // of each point, without itself
  std::vector<int> indices;     // (points, count), the nearest first; of equally near ones the lower index
  std::vector<float> distances; // (points, count): 1 - cosine, 0..2
};

// The rows of `vectors` (N,C), each with a norm of 1. What none has is an angle: a row of zeros is as far from all as
// a right angle is. `told` hears the share that is done, 0..1.
// `count` is cut to N-1.
Neighbours nearest_by_cosine(vulkan::Programs &programs, const Array &vectors, int count,
                             const std::function<void(double)> &told = {});

// Rows (N,C) over their norms; rows of zeros stay.
Array unit_rows(const Array &vectors);

} // namespace convscope
