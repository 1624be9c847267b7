// The focus's history: moments to go back to, and what a session keeps.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "figure/cutout.h"
#include "io/resize.h"
#include "viewer/focus_job.h"

namespace convscope::viewer {

namespace {

// Beside each other and below, as square as it gets; each as large as there is room.
ImageRgb8 mosaic(const std::vector<Array> &images, const PlaneView &view, int side) {
  const auto count = static_cast<int>(images.size());
  const int columns = static_cast<int>(std::ceil(std::sqrt(count))), each = side / columns;
  ImageRgb8 all(side, side);
  for (int i = 0; i < count; ++i) {
    const ImageRgb8 one = resize(draw_over_squares(images[static_cast<std::size_t>(i)], view), each, each);
    for (int y = 0; y < each; ++y)
      std::copy_n(one.at(0, y), 3 * each, all.at(i % columns * each, i / columns * each + y));
  }
  return all;
}

} // namespace

void FocusJob::forget_history() {
  kept_.clear();
  free_cells_.clear();
  every_ = 1;
  branch_ = next_cell_ = 0;
}

void FocusJob::rewind(int moment) {
  if (!active() || moment < 0 || moment >= static_cast<int>(kept_.size()))
    return;
  const KeptMoment kept = kept_[static_cast<std::size_t>(moment)];
  if (kept.parameters.shape != first_.optimization->parameters().shape ||
      !same_parameters(kept.recipe, task_.controls.recipe))
    throw UserError("the size or the parameterization has changed since that moment");
  go_on(first_, task_.controls.recipe, kept.parameters, std::nullopt);
  first_.before = kept.moment.step;
  first_.values.resize(std::min(first_.values.size(), static_cast<std::size_t>(kept.moment.step)));
  first_.norms.resize(first_.values.size());
  untouched_ = false;
  ++branch_;
}

bool FocusJob::wants_moment() const {
  const bool kept = !kept_.empty() && kept_.back().moment.step == steps() && kept_.back().moment.branch == branch_;
  return !kept && steps() % every_ == 0;
}

void FocusJob::keep_moment(Atlas &timeline) {
  if (static_cast<int>(kept_.size()) >= most_moments) { // every second one goes, and half as many come
    std::vector<KeptMoment> left;
    for (std::size_t i = 0; i < kept_.size(); ++i)
      if (i % 2 == 0)
        left.push_back(std::move(kept_[i]));
      else
        free_cells_.push_back(kept_[i].moment.cell);
    kept_ = std::move(left);
    every_ *= 2;
  }
  int cell = 0;
  if (!free_cells_.empty()) {
    cell = free_cells_.back();
    free_cells_.pop_back();
  } else {
    cell = next_cell_++;
  }
  const Progress now = progress();
  kept_.push_back({{steps(), branch_, cell, now.values.empty() ? 0 : now.values.back()},
                   first_.optimization->parameters(),
                   task_.controls.recipe,
                   mosaic(images(), view(), thumbnail)});
  draw_thumbnail(kept_.back(), timeline);
}

void FocusJob::draw_thumbnail(const KeptMoment &kept, Atlas &timeline) const {
  timeline.draw_picture(kept.moment.cell, to_float(kept.thumbnail), "drawing the timeline");
}

void FocusJob::show_history(Atlas &timeline) const {
  for (const KeptMoment &kept : kept_)
    draw_thumbnail(kept, timeline);
}

SavedFocus FocusJob::saved() {
  finish_step();
  const RunState now = state_of(first_, progress());
  return {steps(), branch_, every_, untouched_, now.values, now.norms, first_.optimization->state(), kept_};
}

std::optional<SavedFocus> FocusJob::rescued() const {
  if (kept_.empty())
    return std::nullopt;
  const KeptMoment &last = kept_.back();
  SavedFocus saved{last.moment.step, last.moment.branch, every_, false, first_.values, first_.norms, {}, kept_};
  saved.values.insert(saved.values.end(), last_progress_.values.begin(), last_progress_.values.end());
  saved.norms.insert(saved.norms.end(), last_progress_.norms.begin(), last_progress_.norms.end());
  const auto count = std::min(saved.values.size(), static_cast<std::size_t>(last.moment.step));
  saved.values.resize(count);
  saved.norms.resize(std::min(saved.norms.size(), count));
  saved.state.parameters = last.parameters;
  return saved;
}

void FocusJob::restore(const FocusTask &task, const SavedFocus &saved) {
  stop();
  looked_away_ = false;
  task_ = task;
  // What pixels have mattered so far, an opacity of maco's, is not kept.
  untouched_ =
      saved.untouched && !(has_opacity() && task.controls.recipe.parameterization == ParameterizationKind::maco);
  const Recipe &recipe = task.controls.recipe;
  try {
    first_.before = saved.steps;
    first_.values = saved.values;
    first_.norms = saved.norms;
    if (saved.state.first_moments.data.empty())
      go_on(first_, recipe, saved.state.parameters, std::nullopt);
    else
      go_on(first_, recipe, std::nullopt, saved.state);
    if (task.second)
      begin(second_, *task.second);
  } catch (const UserError &) {
    stop();
    throw;
  }
  kept_ = saved.kept;
  kept_.resize(std::min(kept_.size(), static_cast<std::size_t>(most_moments)));
  for (std::size_t i = 0; i < kept_.size(); ++i)
    kept_[i].moment.cell = static_cast<int>(i);
  next_cell_ = static_cast<int>(kept_.size());
  every_ = std::max(1, saved.every);
  branch_ = saved.branch;
}

} // namespace convscope::viewer
