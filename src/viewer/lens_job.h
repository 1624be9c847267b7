// What a layer saw in the photo, as the lens shows it: its maps on the host, groups of its channels, an activation
// grid.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/grid_run.h"
#include "session/session.h"
#include "viewer/atlas.h"
#include "viewer/state.h"

namespace convscope::viewer {

// A grid and what it was made by, but for the photo: as `convscope grid` has it.
struct SavedGrid {
  std::string layer;
  std::vector<GridCell> cells;
  int columns = 0, rows = 0, at_once = 0, steps = 0;
  Array images; // (cells,C,H,W)
};

class LensJob {
public:
  static constexpr int cell_side = 42, shown_side = 512;

  LensJob(Session &session, const Slicing &slicing) : session_(session), slicing_(slicing) {}

  // The layer, the photo or the net is another: nothing is there.
  void forget();
  bool looks() const { return state_.maps != nullptr; }
  // `maps` are of the photo's middle where it is not seen whole (MapState::part); `seen` is that part.
  void look(const std::string &layer, Array maps, const ImageRgb8 &seen, float part);

  // Groups of the channels; UserError, kept as LensState::groups_problem, where there can't be so many.
  void divide(int count);
  bool divided(int count) const;
  // The photo with all groups, and with each, as large as the screen needs.
  std::vector<ImageRgb8> overlays() const;

  // UserError for what the net or the device can't do; there is no grid then. Its seed and recipe stay as they are
  // here.
  void begin_grid(const Recipe &recipe, std::uint64_t seed);
  void drop_grid();
  bool has_grid() const { return grid_.has_value(); }
  bool grid_done() const { return !grid_ || grid_->done(); }
  // Runs one slice of what is not done; whether a step has ended.
  bool advance_grid();
  void finish_step();
  // An atlas for its cells, and what there is to see.
  Atlas grid_atlas();
  void show_grid(Atlas &atlas);
  // What the grid was made by; UserError where it has no step.
  SavedGrid saved_grid();
  const Recipe &grid_recipe() const { return recipe_; }
  std::uint64_t grid_seed() const { return seed_; }
  Size grid_image() const { return {grid_->width(), grid_->height()}; }

  const LensState &state() const { return state_; }

private:
  Session &session_;
  Slicing slicing_;
  LensState state_;
  ImageRgb8 seen_;
  std::optional<GridRun> grid_;
  Recipe recipe_;
  std::uint64_t seed_ = 0;
  bool stepping_ = false;
};

} // namespace convscope::viewer
