#include "atlas/atlas.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "session/grid_run.h"

namespace convscope {

namespace {

constexpr int neighbours = 19; // 20 with the point itself, as UMAP counts

} // namespace

AtlasLayout::AtlasLayout(vulkan::Programs &programs, Array vectors, std::uint64_t seed,
                         const std::function<void(double)> &told)
    : vectors_(std::move(vectors)) {
  const Array unit = unit_rows(vectors_);
  const Neighbours near = nearest_by_cosine(programs, unit, neighbours, told);
  square_ = in_unit_square(umap(near, principal_plane(unit, seed), seed));
  inverse_ = inverse_second_moments(vectors_);
}

Objective cell_objective(NodeId layer, const AtlasCell &cell, std::string text) {
  Objective objective = direction_objective(layer, cell.whitened, std::move(text));
  objective.terms.front().positions.kind = Positions::Kind::centre;
  objective.terms.front().number = cell_cosine_power;
  return objective;
}

double cell_size(std::size_t points, std::size_t most) {
  constexpr double least = 0.4;
  if (most <= 1)
    return 1;
  return least + (1 - least) * std::log(static_cast<double>(std::max<std::size_t>(points, 1))) /
                     std::log(static_cast<double>(most));
}

} // namespace convscope
