// An activation grid: what a layer sees at every position of a photo, each as the image of its activations' direction.
// The cells are optimized together, a random part of them in each step, and share images of groups that fire together,
// so that neighbours agree. Driven step by step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/array.h"
#include "session/session.h"
#include "visualization/optimization.h"
#include "visualization/recipe.h"

namespace convscope {

struct GridCell {
  int x = 0, y = 0; // position in the layer's map
  double norm = 0;  // of its activations
};

struct GridRequest {
  NodeId layer = -1;
  Array maps; // of the layer on a photo, (C,H,W): Session::features
  Recipe recipe;
  OptimizationOptions options; // of a cell: height, width, seed, lr; without `gallery`, `init` and `resume`
  int groups = 6;              // whose images the cells share, as far as the layer has so many
  int at_once = 64;            // cells in a step, as far as memory goes
};

// Of each, the side that its image is drawn with, 0..1: its area is as the norm.
std::vector<double> cell_sides(const std::vector<GridCell> &cells);

// The objective that is the vector's direction in a layer, over all positions. `text` names it.
Objective direction_objective(NodeId layer, std::vector<float> vector, std::string text);

class GridRun {
public:
  // Plans it. UserError for what does not fit the net or the device, and for a layer that is silent on the photo.
  GridRun(Session &session, GridRequest request);

  // Those that have an image: positions without activations have none.
  const std::vector<GridCell> &cells() const { return cells_; }
  int columns() const { return columns_; }
  int rows() const { return rows_; }
  int at_once() const { return optimization_->batch(); }

  bool done() const { return step() == steps(); }
  void advance(int steps); // up to the end
  // Runs one slice of a step, where it is not done(); returns whether that was the step's last.
  bool advance_slice() { return optimization_->advance_slice(); }
  int step() const { return optimization_->steps_done(); }
  int steps() const { return steps_; }
  // Mean of the last step's objectives; NaN and the like where it was not finite.
  double value() const;
  // The step at which a cell's value was not a number, which ends the run: lower the rate.
  std::optional<int> stopped() const;
  // After whole steps:
  void draw(const Optimization::ImageReader &read) { optimization_->draw_gallery(read); }
  int width() const { return optimization_->width(); }
  int height() const { return optimization_->height(); }
  Array images() { return optimization_->images(); } // (cells,C,H,W), 0..1
  std::size_t planned_bytes() { return optimization_->planned_bytes(); }

private:
  std::vector<GridCell> cells_;
  int columns_ = 0, rows_ = 0, steps_ = 0;
  mutable std::optional<Optimization> optimization_;
};

} // namespace convscope
