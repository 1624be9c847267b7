// An atlas's page: the plane of points in a grid of cells, each with the direction that its points have in common.
#pragma once

#include <vector>

#include "atlas/umap.h"
#include "base/array.h"

namespace convscope {

struct AtlasCell {
  int column = 0, row = 0;
  std::vector<int> points;     // indices, ascending
  std::vector<float> mean;     // of the points' vectors
  std::vector<float> whitened; // the mean by the inverse of the vectors' second moments: what sets it apart
};

// Scaled to 0..1 by the middle 98 % of each axis with a tenth around; what lies outside comes to the border.
std::vector<Point> in_unit_square(const std::vector<Point> &points);

// E[v v^T] of `vectors` (N,C), inverted: (C,C). A small part of its mean diagonal is added to the diagonal, since
// channels may be silent, and points fewer than channels.
std::vector<double> inverse_second_moments(const Array &vectors);

// The cells of `side` x `side` that hold at least `least` points, by rows. `square`: in_unit_square().
std::vector<AtlasCell> atlas_cells(const std::vector<Point> &square, const Array &vectors,
                                   const std::vector<double> &inverse, int side, int least);

} // namespace convscope
