// The canvases on which an optimization's steps see the image: one, or one for each scale, of which a step draws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "visualization/recipe.h"

namespace convscope {

struct Canvas {
  Size size;                // width and height
  std::optional<int> scale; // which of the recipe's values; none: each image draws its own
};

class Canvases {
public:
  // For images of that size; `fixed_input`: the net's input has a size of its own. Where the net does not take a
  // scale's canvas, as it is too small, the scale has the next larger one that the net `takes`.
  Canvases(const Recipe &recipe, const Shape &image, bool fixed_input, std::uint64_t seed,
           const std::function<bool(Size)> &takes);

  const std::vector<Canvas> &all() const { return all_; }
  // Which of all() is that at scale 1, or the nearest to it.
  std::size_t middle() const { return middle_; }
  // Which of all() a step has: by seed and step alone, so that an image has the same alone and in a batch.
  std::size_t drawn(int step) const;
  // Of what canvases have, by how often they are drawn.
  double mean(const std::function<double(std::size_t canvas)> &value) const;

private:
  std::uint64_t seed_;
  std::vector<Canvas> all_;
  std::size_t middle_ = 0;
  std::vector<std::size_t> of_value_{0}; // of each of the recipe's scales, its canvas
};

} // namespace convscope
