// An activation atlas: what a layer sees, laid out in a plane so that what it sees alike lies side by side. Each point
// is one position of one photo; each cell of a grid over the plane is drawn as the direction that its points share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "atlas/cells.h"
#include "session/session.h"

namespace convscope {

inline constexpr int least_atlas_points = 20;   // below which there is no atlas
inline constexpr int fewest_atlas_points = 500; // with fewer, most cells hold one photo or two
// The points that a cell is drawn from, at least, where nobody says: small folders have small atlases.
inline int fewest_of_cell(int points) { return points < fewest_atlas_points ? 1 : 3; }

inline constexpr int cell_cosine_power = 4;

class AtlasLayout {
public:
  // `vectors` (N,C): the layer's activations at N positions, none of them zero. `told` hears the share that is done.
  AtlasLayout(vulkan::Programs &programs, Array vectors, std::uint64_t seed,
              const std::function<void(double)> &told = {});

  // The cells of a grid of `side` x `side` that hold at least `least` points.
  std::vector<AtlasCell> cells(int side, int least) const {
    return atlas_cells(square_, vectors_, inverse_, side, least);
  }

private:
  Array vectors_;
  std::vector<Point> square_;   // in 0..1
  std::vector<double> inverse_; // of the vectors' second moments
};

// The cell's whitened direction at the centre of the layer's map, with the cosine to the power of 4. `text` names it.
Objective cell_objective(NodeId layer, const AtlasCell &cell, std::string text);

// How large a cell is drawn, 0..1: by the logarithm of its points over that of the largest cell's.
double cell_size(std::size_t points, std::size_t most);

} // namespace convscope
