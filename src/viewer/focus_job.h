// The focused unit under optimization: its image, its history, and changes of its controls while it runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/session.h"
#include "viewer/atlas.h"
#include "viewer/session_file.h"
#include "viewer/state.h"
#include "visualization/optimization.h"

namespace convscope::viewer {

class FocusJob {
public:
  static constexpr int thumbnail = 64, most_moments = 64;

  FocusJob(Session &session, const Slicing &slicing) : session_(session), slicing_(slicing) {}

  // Begins, goes on with changed controls, or stops (no unit). A `second` recipe starts as the first did and catches
  // up. A `place` says where in the unit's map, whatever the image's size. `photo` (3,H,W) in RGB is what
  // StartFrom::photo begins with. UserError for what the net or the device can't do; the job then has no unit.
  void set(const std::optional<Unit> &unit, Place place, const Controls &controls, const std::optional<Recipe> &second,
           const Array &photo);
  void restart();
  void rewind(int moment); // goes on from there, as a new branch; ignored where there is no such moment
  // Goes on where a session stood. UserError as of set(), and where the net or the size is not that of the session.
  void restore(const Unit &unit, Place place, const Controls &controls, const std::optional<Recipe> &second,
               const Array &photo, const SavedFocus &saved);
  // What restore() takes; active() only.
  SavedFocus saved();
  // The same as of the last moment that was kept, without the device: it is lost. None where no moment was.
  std::optional<SavedFocus> rescued() const;

  bool active() const { return first_.optimization.has_value(); }
  bool finished() const { return active() && first_.finished() && (!two() || second_.finished()); }
  // Runs one slice; true where there is something new to show: a step of A, and of B where the two go along.
  bool advance();
  bool in_step() const { return active() && stepping_; }
  // What is read in the middle of a step is neither of this step nor of the last one. True where there is something new
  // to show.
  bool finish_step();

  int steps() const;
  bool untouched() const {
    return untouched_;
  } // since the noise, no control was changed: the command line can do it too
  // At its place; active() only.
  Unit unit() const { return aimed(controls_.recipe); }
  const Controls &controls() const { return controls_; }
  int width() const { return first_.optimization->width(); }
  int height() const { return first_.optimization->height(); }
  // Of the images that there would be of a unit: Controls::size as a square, or in the proportions of the net's input.
  Size image_size_of(const Unit &unit, const Controls &controls) const;
  bool two() const { return second_.optimization.has_value(); }
  Array image(); // (C,H,W)
  Progress progress();

  // Records the image (cell 0), and B's (cell 1), into an atlas of cells for images of width() x height().
  void show(vulkan::Recording &recording, Atlas &atlas);
  // Whether the timeline wants the present image; keeps its parameters and records its thumbnail.
  bool wants_moment() const;
  void keep_moment(vulkan::Recording &recording, Atlas &timeline);
  // Draws the thumbnails of a restored history.
  void show_history(Atlas &timeline) const;
  // All but the map.
  FocusState state();

private:
  struct Run { // A or B
    std::optional<Optimization> optimization;
    Recipe recipe;
    int before = 0;                   // steps that earlier optimizations of this image did
    std::vector<float> values, norms; // theirs
    double saturation = 0;            // the share of its image's values that are at an end, when it was last looked at
    int saturation_at = -1;
    int steps() const { return before + (optimization ? optimization->steps_done() : 0); }
    bool finished() const { return steps() >= recipe.steps; }
  };
  Unit aimed(const Recipe &recipe) const;
  Optimization make(const Recipe &recipe, std::optional<Array> init, std::optional<OptimizationState> state) const;
  static void prepare(Run &run);
  void begin(Run &run, const Recipe &recipe);
  // Goes on with another optimization of the image: from `state` as if there had been no break, else from `init`.
  void go_on(Run &run, const Recipe &recipe, std::optional<Array> init, std::optional<OptimizationState> state);
  void forget_history();
  bool turn_of_second() const;
  Array image_of(Run &run) const;
  PlaneView view() const;
  RunState state_of(Run &run, const Progress &now) const;

  Session &session_;
  Slicing slicing_;
  std::optional<Unit> unit_;
  Place place_;
  Controls controls_;
  std::optional<Recipe> second_recipe_;
  Array photo_;
  Run first_, second_;
  bool stepping_ = false, at_second_ = false; // in the middle of a step, and of which
  bool untouched_ = true;
  std::vector<KeptMoment> kept_;
  Progress last_progress_; // as it was last read
  int every_ = 1, branch_ = 0, next_cell_ = 0;
  std::vector<int> free_cells_;
};

} // namespace convscope::viewer
