// The focused objective under optimization: its images, their history, and changes of its controls while it runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/accentuation.h"
#include "session/optimize_run.h"
#include "session/session.h"
#include "viewer/atlas.h"
#include "viewer/session_file.h"
#include "viewer/state.h"
#include "visualization/optimization.h"

namespace convscope::viewer {

// What the focus is to make. A second recipe starts as the first did and catches up; a place says where in the unit's
// map, whatever the image's size.
struct FocusTask {
  std::optional<Unit> unit; // none: nothing
  Place place;
  Aim aim;
  Controls controls;
  std::optional<Recipe> second;
  bool operator==(const FocusTask &) const = default;
};
FocusTask task_of(const Wish &wish);
// What an optimization can go on with as it is: the same parameters mean the same image.
bool same_parameters(const Recipe &a, const Recipe &b);

class FocusJob {
public:
  static constexpr int thumbnail = 64, most_moments = 64;

  FocusJob(Session &session, const Slicing &slicing) : session_(session), slicing_(slicing) {}

  // What objectives compare with and images start from; empty where there is none. They outlive this object; called
  // again where they have changed: what compares with them then begins anew.
  void look_at(const ImageRgb8 &photo, const ImageRgb8 &style);

  // Begins, goes on with changed controls, or stops. UserError for what the net or the device can't do; the job then
  // has no unit.
  void set(const FocusTask &task);
  void restart();
  void rewind(int moment); // goes on from there, as a new branch; ignored where there is no such moment
  // Goes on where a session stood. UserError as of set(), and where the net or the size is not that of the session.
  void restore(const FocusTask &task, const SavedFocus &saved);
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

  int steps() const { return first_.steps(); }
  int balances_measured() const { return balance_.measured(); }
  bool untouched() const { return untouched_; } // no control was changed on the way: the command line can do it too
  // active() only:
  const Unit &unit() const { return first_.goal.unit; } // at its place
  const Objective &objective() const { return first_.goal.objective; }
  const std::vector<Objective> &path() const { return first_.goal.path; } // each image's, where it is one
  const FocusTask &task() const { return task_; }
  int width() const { return first_.optimization->width(); }
  int height() const { return first_.optimization->height(); }
  Size input_size() const { return first_.optimization->input_size(); }
  std::vector<OptimizedImage> results(); // its images, as if each had an objective of its own
  // Of the images that there would be: Controls::size as a square, in the proportions of the net's input, or in those
  // of the photo that they compare with.
  Size image_size_of(const FocusTask &task) const;
  // Not of images that start from a photo, which tells none, nor where planes are no picture.
  bool has_opacity() const;
  bool two() const { return second_.optimization.has_value(); }

  // Records what there is to see into an atlas of cells for images of width() x height(): see image_cell().
  void show(vulkan::Recording &recording, Atlas &atlas);
  // Whether the timeline wants the present images; keeps their parameters and draws their thumbnail.
  bool wants_moment() const;
  void keep_moment(Atlas &timeline);
  // Draws the thumbnails of a restored history.
  void show_history(Atlas &timeline) const;
  // All but the map.
  FocusState state();

private:
  struct Goal { // what a recipe is to do
    Unit unit;
    Objective objective;
    std::vector<Objective> path; // of a path: each image's; `objective` is the first
    Size image;
    std::vector<Objective> of_images(int images) const; // each with random numbers of its own
  };
  struct Run { // A or B
    std::optional<Optimization> optimization;
    Goal goal;
    Recipe recipe;
    int before = 0;                   // steps that earlier optimizations of these images did
    std::vector<float> values, norms; // theirs
    double saturation = 0;            // the share of the images' values that are at an end, when it was last looked at
    int saturation_at = -1;
    int steps() const { return before + (optimization ? optimization->steps_done() : 0); }
    bool finished() const { return steps() >= recipe.steps; }
  };
  Goal goal_of(const FocusTask &task, const Recipe &recipe) const;
  Size photo_size() const { return photo_ ? Size{photo_->width, photo_->height} : Size{}; }
  const Array &picture(const ImageRgb8 *of, Size size); // of the net's planes
  void make(Run &run, const Recipe &recipe, std::optional<Array> init, std::optional<OptimizationState> state);
  void begin(Run &run, const Recipe &recipe);
  // Goes on with another optimization of the images: from `state` as if there had been no break, else from `init`.
  void go_on(Run &run, const Recipe &recipe, std::optional<Array> init, std::optional<OptimizationState> state);
  void go_on_changed(const FocusTask &before);
  void stop();
  void forget_history();
  bool turn_of_second() const;
  std::vector<Array> images(); // (C,H,W) each
  Progress progress();         // of all of them
  bool shows_changes() const;
  void show_over_squares(Run &run, bool second, Atlas &atlas) const;
  void show_changes(vulkan::Recording &recording, Atlas &atlas);
  void draw_thumbnail(const KeptMoment &kept, Atlas &timeline) const;
  PlaneView view() const;
  RunState state_of(Run &run, const Progress &now) const;

  Session &session_;
  Slicing slicing_;
  const ImageRgb8 *photo_ = nullptr, *style_ = nullptr;
  struct Picture { // as it was last asked for
    const ImageRgb8 *of = nullptr;
    Array planes;
  };
  std::vector<Picture> pictures_;
  LeashBalance balance_;
  bool looked_away_ = false; // the pictures are others than those that the images began with
  FocusTask task_;
  Run first_, second_;
  bool stepping_ = false, at_second_ = false; // in the middle of a step, and of which
  bool untouched_ = true;
  std::vector<KeptMoment> kept_;
  Progress last_progress_; // as it was last read
  int every_ = 1, branch_ = 0, next_cell_ = 0;
  std::vector<int> free_cells_;
  vulkan::Buffer change_, change_maximum_; // on their way into the atlas
};

} // namespace convscope::viewer
