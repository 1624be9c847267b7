// Points of many dimensions laid out in a plane so that near ones stay near (McInnes, Healy, Melville 2018, UMAP).
// The same points and seed give the same plane.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "atlas/neighbours.h"
#include "base/array.h"

namespace convscope {

using Point = std::array<double, 2>;

struct UmapEdge {
  int from = 0, to = 0;
  double weight = 0; // 0..1: how sure it is that they are neighbours
};

// The fuzzy union of the points' own neighbourhoods, each pair in both directions, by from, then to.
std::vector<UmapEdge> umap_edges(const Neighbours &neighbours);

// Where the layout begins: the two principal axes of `vectors` (N,C), over a square of side 20, with a little noise.
std::vector<Point> principal_plane(const Array &vectors, std::uint64_t seed);

// `epochs` 0: 500 for up to 10,000 points, else 200, as its authors do. min_dist is 0.01.
std::vector<Point> umap(const Neighbours &neighbours, std::vector<Point> start, std::uint64_t seed, int epochs = 0);

} // namespace convscope
