#include "viewer/focus_job.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "io/image.h"
#include "io/resize.h"
#include "session/input_size.h"
#include "viewer/health.h"
#include "viewer/place.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameters_of.h"

namespace convscope::viewer {

namespace {

constexpr int history = 4096;

// What an optimization can go on with as it is: the same parameters mean the same image.
bool same_parameters(const Recipe &a, const Recipe &b) {
  return a.parameterization == b.parameterization && a.decay == b.decay &&
         a.decorrelate_colours == b.decorrelate_colours;
}

Recipe but_for_lr(Recipe recipe) {
  recipe.lr = 0;
  return recipe;
}

} // namespace

std::string objective_text(const Unit &unit) {
  const std::string text = fmt::format("{}:{}", unit.layer, unit.channel);
  return unit.x >= 0 && unit.y >= 0 ? fmt::format("{}@{},{}", text, unit.x, unit.y) : text;
}

Unit FocusJob::aimed(const Recipe &recipe) const {
  return place_.chosen() ? placed(session_.model(), *unit_, place_, recipe, image_size_of(*unit_, controls_)) : *unit_;
}

Size FocusJob::image_size_of(const Unit &unit, const Controls &controls) const {
  return image_size_for(session_.model(), {find_layer(session_.graph(), unit.layer)}, controls.recipe, controls.size);
}

PlaneView FocusJob::view() const { return plane_view(session_.graph().input.c, session_.model().rgb); }

Optimization FocusJob::make(const Recipe &recipe, std::optional<Array> init,
                            std::optional<OptimizationState> state) const {
  OptimizationOptions options;
  const std::string objective = objective_text(aimed(recipe));
  const Size image = image_size_of(*unit_, controls_);
  options.height = image.height;
  options.width = image.width;
  options.input_size = input_size_for(session_.model(), {find_layer(session_.graph(), unit_->layer)}, recipe, image);
  options.seed = controls_.seed;
  options.init = std::move(init);
  options.resume = std::move(state);
  options.history = history;
  options.slicing = slicing_;
  options.precision = session_.precision();
  options.profile = session_.profile();
  const Graph &graph = session_.model().at(net_size(options.input_size, recipe, image));
  Optimization optimization(session_.programs(), session_.weights(), graph,
                            {same_objective(session_.objective(objective), session_.graph(), graph)}, recipe, options);
  if (optimization.planned_bytes() > session_.memory_left())
    throw UserError(objective + ": the device has no memory left for an image of this size");
  return optimization;
}

// Too large an image is the user's to mend.
void FocusJob::prepare(Run &run) {
  try {
    run.optimization->prepare();
  } catch (const vulkan::NoRoom &error) {
    run = {};
    throw UserError(error.what());
  }
}

void FocusJob::begin(Run &run, const Recipe &recipe) {
  std::optional<Array> init;
  if (controls_.start == StartFrom::photo && !photo_.data.empty() &&
      form_of(recipe.parameterization).inverse != nullptr) {
    const Size size = image_size_of(*unit_, controls_);
    const Array part = resize(center_crop(photo_, size.width, size.height), size.width, size.height);
    init = parameters_of(picture_of(part, session_.model()), recipe);
  }
  run = {};
  run.recipe = recipe;
  run.optimization.emplace(make(recipe, std::move(init), std::nullopt));
  prepare(run);
}

void FocusJob::go_on(Run &run, const Recipe &recipe, std::optional<Array> init,
                     std::optional<OptimizationState> state) {
  Recipe next = recipe;
  if (!state)
    next.revive_steps = 0; // it is past its first steps
  Run old = std::move(run);
  run = {};
  run.recipe = recipe;
  run.before = old.steps() - (state ? state->steps : 0);
  run.values = std::move(old.values);
  run.norms = std::move(old.norms);
  if (old.optimization) {
    const Progress progress = old.optimization->progress().at(0);
    run.values.insert(run.values.end(), progress.values.begin(), progress.values.end());
    run.norms.insert(run.norms.end(), progress.norms.begin(), progress.norms.end());
    old.optimization.reset(); // its memory first
  }
  run.optimization.emplace(make(next, std::move(init), std::move(state)));
  prepare(run);
}

void FocusJob::forget_history() {
  kept_.clear();
  free_cells_.clear();
  every_ = 1;
  branch_ = next_cell_ = 0;
}

void FocusJob::restart() {
  if (!unit_)
    return;
  first_ = {};
  second_ = {};
  stepping_ = false;
  forget_history();
  untouched_ = controls_.start == StartFrom::noise;
  try {
    begin(first_, controls_.recipe);
    if (second_recipe_)
      begin(second_, *second_recipe_);
  } catch (const UserError &) {
    first_ = {};
    second_ = {};
    throw;
  }
}

void FocusJob::set(const std::optional<Unit> &unit, Place place, const Controls &controls,
                   const std::optional<Recipe> &second, const Array &photo) {
  const Controls before = controls_;
  const bool other_second = second != second_recipe_;
  photo_ = photo; // of a restart to come
  const bool fresh = unit != unit_ || place != place_ || controls.seed != before.seed ||
                     controls.start != before.start || (active() && steps() == 0) || !active();
  if (!fresh && controls == before && !other_second)
    return;
  if (!fresh)
    finish_step();
  unit_ = unit;
  place_ = place;
  controls_ = controls;
  second_recipe_ = second;
  if (!unit_) {
    stepping_ = false;
    first_ = {};
    second_ = {};
    forget_history();
    return;
  }
  if (fresh) {
    restart();
    return;
  }
  if (other_second)
    second_ = {};
  if (other_second && second)
    begin(second_, *second);
  if (controls == before)
    return;
  untouched_ = false;
  const Size size = image_size_of(*unit_, controls);
  const bool same_size = size == Size{width(), height()};
  if (same_size && but_for_lr(controls.recipe) == but_for_lr(before.recipe)) {
    first_.optimization->set_lr(controls.recipe.lr);
    first_.recipe.lr = controls.recipe.lr;
    return;
  }
  // Adam's moments are of the gradient, whatever the transforms and the clipping: they stay where the parameters do.
  if (same_size && same_parameters(controls.recipe, before.recipe))
    go_on(first_, controls.recipe, std::nullopt, first_.optimization->state());
  else if (form_of(controls.recipe.parameterization).inverse == nullptr)
    begin(first_, controls.recipe); // the image there is has no parameters of that kind
  else
    go_on(first_, controls.recipe, parameters_of(resize(image(), size.width, size.height), controls.recipe),
          std::nullopt);
  if (second_.optimization && !same_size)
    begin(second_, *second_recipe_);
}

void FocusJob::rewind(int moment) {
  if (!active() || moment < 0 || moment >= static_cast<int>(kept_.size()))
    return;
  const KeptMoment kept = kept_[static_cast<std::size_t>(moment)];
  if (kept.parameters.shape != first_.optimization->parameters().shape ||
      !same_parameters(kept.recipe, controls_.recipe))
    throw UserError("the size or the parameterization has changed since that moment");
  go_on(first_, controls_.recipe, kept.parameters, std::nullopt);
  first_.before = kept.moment.step;
  first_.values.resize(std::min(first_.values.size(), static_cast<std::size_t>(kept.moment.step)));
  first_.norms.resize(first_.values.size());
  untouched_ = false;
  ++branch_;
}

// A goes first; B follows, and catches up where it joined later.
bool FocusJob::turn_of_second() const {
  return two() && !second_.finished() && (first_.finished() || second_.steps() < first_.steps());
}

bool FocusJob::advance() {
  if (!stepping_)
    at_second_ = turn_of_second();
  stepping_ = !(at_second_ ? second_ : first_).optimization->advance_slice();
  return !stepping_ && (at_second_ || !turn_of_second());
}

bool FocusJob::finish_step() {
  const bool begun = stepping_;
  while (stepping_)
    advance();
  return begun;
}

int FocusJob::steps() const { return first_.steps(); }

Array FocusJob::image_of(Run &run) const {
  const Array all = run.optimization->images();
  return {{all.shape[1], all.shape[2], all.shape[3]}, all.data};
}

Array FocusJob::image() { return image_of(first_); }

Progress FocusJob::progress() {
  last_progress_ = first_.optimization->progress().at(0);
  return last_progress_;
}

void FocusJob::show(vulkan::Recording &recording, Atlas &atlas) {
  atlas.put_image(recording, 0, first_.optimization->image_slice(), 0, height(), width(), view());
  if (second_.optimization)
    atlas.put_image(recording, 1, second_.optimization->image_slice(), 0, second_.optimization->height(),
                    second_.optimization->width(), view());
}

bool FocusJob::wants_moment() const {
  const bool kept = !kept_.empty() && kept_.back().moment.step == steps() && kept_.back().moment.branch == branch_;
  return !kept && steps() % every_ == 0;
}

void FocusJob::keep_moment(vulkan::Recording &recording, Atlas &timeline) {
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
  timeline.put_image(recording, cell, first_.optimization->image_slice(), 0, height(), width(), view());
  kept_.push_back({{steps(), branch_, cell, now.values.empty() ? 0 : now.values.back()},
                   first_.optimization->parameters(),
                   controls_.recipe,
                   to_rgb8(resize(to_float(draw_planes(image(), view())), thumbnail, thumbnail))});
}

void FocusJob::show_history(Atlas &timeline) const {
  for (const KeptMoment &kept : kept_) {
    const Array rgb = to_float(kept.thumbnail);
    vulkan::Buffer buffer(session_.device(), rgb.data.size() * sizeof(float), "thumbnail");
    buffer.write(0, std::as_bytes(std::span(rgb.data)));
    vulkan::Recording recording(session_.device(), "thumbnail");
    timeline.put_image(recording, kept.moment.cell, buffer.slice(), 0, kept.thumbnail.height, kept.thumbnail.width);
    recording.finish();
    recording.run("drawing the timeline");
  }
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

void FocusJob::restore(const Unit &unit, Place place, const Controls &controls, const std::optional<Recipe> &second,
                       const Array &photo, const SavedFocus &saved) {
  set(std::nullopt, place, controls, std::nullopt, photo);
  unit_ = unit;
  second_recipe_ = second;
  untouched_ = saved.untouched;
  try {
    first_.before = saved.steps;
    first_.values = saved.values;
    first_.norms = saved.norms;
    if (saved.state.first_moments.data.empty())
      go_on(first_, controls.recipe, saved.state.parameters, std::nullopt);
    else
      go_on(first_, controls.recipe, std::nullopt, saved.state);
    if (second)
      begin(second_, *second);
  } catch (const UserError &) {
    set(std::nullopt, place, controls, std::nullopt, photo);
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

RunState FocusJob::state_of(Run &run, const Progress &now) const {
  RunState state{run.steps(), Health::well, run.values, run.norms};
  state.values.insert(state.values.end(), now.values.begin(), now.values.end());
  state.norms.insert(state.norms.end(), now.norms.begin(), now.norms.end());
  if (now.state == Progress::State::dead) {
    if (state.steps <= run.recipe.revive_steps)
      state.health = Health::waiting; // it may yet be brought to life
    else
      state.health = Health::dead;
  } else if (now.state == Progress::State::stopped || diverges(now.values)) {
    state.health = Health::diverging;
  } else if (now.values.empty()) { // after a change, or from a session, it goes on from what it was
    state.health = run.values.empty() ? Health::waiting : Health::well;
  } else {
    if (state.steps - run.saturation_at >= 16 || run.saturation_at < 0) {
      const Array pixels = image_of(run);
      const auto stuck =
          std::count_if(pixels.data.begin(), pixels.data.end(), [](float v) { return v < 0.01F || v > 0.99F; });
      run.saturation = static_cast<double>(stuck) / static_cast<double>(pixels.data.size());
      run.saturation_at = state.steps;
    }
    state.health = run.saturation > 0.5 ? Health::saturated : Health::well;
  }
  return state;
}

FocusState FocusJob::state() {
  FocusState state;
  if (!active())
    return state;
  state.unit = unit();
  const Size shown = view_size(view(), {width(), height()});
  state.input_size = first_.optimization->input_size();
  state.width = shown.width;
  state.height = shown.height;
  state.branch = branch_;
  state.first = state_of(first_, progress());
  if (second_.optimization)
    state.second = state_of(second_, second_.optimization->progress().at(0));
  for (const KeptMoment &kept : kept_)
    state.history.push_back(kept.moment);
  return state;
}

} // namespace convscope::viewer
