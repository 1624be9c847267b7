#include "viewer/focus_job.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "io/resize.h"
#include "session/accentuation.h"
#include "session/input_size.h"
#include "viewer/health.h"
#include "viewer/place.h"
#include "visualization/interpolation.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameters_of.h"

namespace convscope::viewer {

namespace {

constexpr int history = 4096;

Recipe but_for_lr(Recipe recipe) {
  recipe.lr = 0;
  return recipe;
}

// What a slider changes while the images go on.
Aim but_for_weights(Aim aim) {
  aim.leash = aim.difference = 0;
  return aim;
}

// Parameters that show these images, made so large.
Array parameters_of_all(const std::vector<Array> &images, Size size, const Recipe &recipe) {
  Array all;
  for (const Array &image : images) {
    const Array one = parameters_of(resize(image, size.width, size.height), recipe);
    if (all.shape.empty())
      all = {one.shape, {}};
    all.data.insert(all.data.end(), one.data.begin(), one.data.end());
  }
  all.shape.at(0) = std::ssize(images);
  return all;
}

} // namespace

bool same_parameters(const Recipe &a, const Recipe &b) {
  return a.parameterization == b.parameterization && a.decay == b.decay &&
         a.decorrelate_colours == b.decorrelate_colours;
}

FocusTask task_of(const Wish &wish) { return {wish.focus, wish.place, wish.aim, wish.controls, wish.second}; }

void FocusJob::look_at(const ImageRgb8 &photo, const ImageRgb8 &style) {
  photo_ = photo.pixels.empty() ? nullptr : &photo;
  style_ = style.pixels.empty() ? nullptr : &style;
  pictures_.clear();
  const Needs needs = active() ? objective().needs() : Needs{};
  looked_away_ = active() && (needs.photo || needs.style || task_.controls.start == StartFrom::photo);
}

const Array &FocusJob::picture(const ImageRgb8 *of, Size size) {
  const std::vector<std::int64_t> shape{session_.graph().input.c, size.height, size.width};
  const auto known = std::find_if(pictures_.begin(), pictures_.end(),
                                  [&](const Picture &each) { return each.of == of && each.planes.shape == shape; });
  if (known != pictures_.end())
    return known->planes;
  std::erase_if(pictures_, [&](const Picture &each) { return each.of == of; });
  return pictures_.emplace_back(Picture{of, session_.picture(*of, size)}).planes;
}

FocusJob::Goal FocusJob::goal_of(const FocusTask &task, const Recipe &recipe) const {
  Goal goal{*task.unit, session_.objective(objective_text(task.aim, *task.unit)), {}, {}};
  if (task.aim.kind == Aim::Kind::path) {
    if (task.aim.images < 2)
      throw UserError("a path has two images at least: more at Images");
    goal.path = interpolated(goal.objective, session_.objective(task.aim.to), task.aim.images);
    goal.objective = goal.path.front();
  }
  goal.image = image_size_for(session_.model(), goal.objective, task.controls.recipe, task.controls.size, photo_size());
  if (!task.place.chosen() || goal.unit.channel < 0 || is_text(task.aim))
    return goal;
  goal.unit = placed(session_.model(), goal.unit, task.place, recipe, goal.image);
  goal.objective = session_.objective(objective_text(task.aim, goal.unit));
  return goal;
}

Size FocusJob::image_size_of(const FocusTask &task) const { return goal_of(task, task.controls.recipe).image; }

std::vector<Objective> FocusJob::Goal::of_images(int images) const {
  return path.empty() ? with_variants({objective}, images) : path;
}

bool FocusJob::has_opacity() const {
  return task_.controls.opacity && task_.controls.start == StartFrom::noise && view().one_picture();
}

PlaneView FocusJob::view() const { return plane_view(session_.graph().input.c, session_.model().rgb); }

void FocusJob::make(Run &run, const Recipe &recipe, std::optional<Array> init, std::optional<OptimizationState> state) {
  Goal goal = goal_of(task_, recipe);
  const Objective &objective = goal.objective;
  OptimizationOptions options;
  options.height = goal.image.height;
  options.graph_at = [this](Size canvas) -> const Graph & { return session_.model().at(canvas); };
  options.width = goal.image.width;
  options.input_size = input_size_for(session_.model(), layers_of(objective), recipe, goal.image);
  options.seed = task_.controls.seed;
  options.init = std::move(init);
  options.resume = std::move(state);
  options.history = history;
  options.slicing = slicing_;
  options.precision = session_.precision();
  options.profile = session_.profile();
  options.opacity = has_opacity();
  const Needs needs = objective.needs();
  if ((needs.photo && !photo_) || (needs.style && !style_))
    throw UserError(fmt::format("{} compares with a {}: open one", objective.text,
                                needs.photo && !photo_ ? "photo" : "style picture"));
  if (needs.photo) {
    options.photo = picture(photo_, goal.image);
    goal.objective = balance_.of(session_, std::move(goal.objective), recipe, *options.photo,
                                 net_size(options.input_size, recipe, goal.image), task_.controls.seed);
    for (Objective &each : goal.path)
      each = balanced(session_, std::move(each), recipe, *options.photo,
                      net_size(options.input_size, recipe, goal.image), task_.controls.seed);
  }
  if (needs.style)
    options.style = picture(style_, goal.image);
  const Graph &graph = session_.model().at(net_size(options.input_size, recipe, goal.image));
  std::vector<Objective> batch;
  for (const Objective &each : goal.of_images(task_.aim.images))
    batch.push_back(same_objective(each, session_.graph(), graph));
  Optimization optimization(session_.programs(), session_.weights(), graph, std::move(batch), recipe, options);
  if (optimization.planned_bytes() > session_.memory_left())
    throw UserError(objective.text + ": the device has no memory left for an image of this size");
  run.goal = std::move(goal);
  run.optimization.emplace(std::move(optimization));
  try {
    run.optimization->prepare();
  } catch (const vulkan::NoRoom &error) { // too large an image is the user's to mend
    run = {};
    throw UserError(error.what());
  }
}

void FocusJob::begin(Run &run, const Recipe &recipe) {
  std::optional<Array> init;
  if (task_.controls.start == StartFrom::photo && photo_ && form_of(recipe.parameterization).inverse != nullptr)
    init = parameters_of(picture(photo_, image_size_of(task_)), recipe);
  run = {};
  run.recipe = recipe;
  make(run, recipe, std::move(init), std::nullopt);
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
    const Progress now = together(old.optimization->progress());
    run.values.insert(run.values.end(), now.values.begin(), now.values.end());
    run.norms.insert(run.norms.end(), now.norms.begin(), now.norms.end());
    old.optimization.reset(); // its memory first
  }
  make(run, next, std::move(init), std::move(state));
}

void FocusJob::stop() {
  stepping_ = false;
  first_ = {};
  second_ = {};
  forget_history();
}

void FocusJob::restart() {
  if (!task_.unit)
    return;
  stop();
  looked_away_ = false;
  untouched_ = true;
  try {
    begin(first_, task_.controls.recipe);
    if (task_.second)
      begin(second_, *task_.second);
  } catch (const UserError &) {
    stop();
    throw;
  }
}

void FocusJob::set(const FocusTask &task) {
  const bool fresh = !active() || looked_away_ || task.unit != task_.unit || task.place != task_.place ||
                     but_for_weights(task.aim) != but_for_weights(task_.aim) ||
                     task.controls.seed != task_.controls.seed || task.controls.start != task_.controls.start ||
                     task.controls.opacity != task_.controls.opacity || (steps() == 0 && !(task == task_));
  if (!fresh && task == task_)
    return;
  if (!fresh)
    finish_step();
  const FocusTask before = std::exchange(task_, task);
  if (!task_.unit) {
    stop();
    return;
  }
  if (fresh) {
    restart();
    return;
  }
  try {
    go_on_changed(before);
  } catch (const UserError &) {
    stop();
    throw;
  }
}

void FocusJob::go_on_changed(const FocusTask &before) {
  const Controls &controls = task_.controls;
  if (task_.second != before.second) {
    second_ = {};
    if (task_.second)
      begin(second_, *task_.second);
  }
  if (controls == before.controls && task_.aim == before.aim)
    return;
  untouched_ = false;
  const Size size = image_size_of(task_);
  const bool same_size = size == Size{width(), height()}, same_aim = task_.aim == before.aim;
  if (same_aim && same_size && but_for_lr(controls.recipe) == but_for_lr(before.controls.recipe)) {
    first_.optimization->set_lr(controls.recipe.lr);
    first_.recipe.lr = controls.recipe.lr;
    return;
  }
  // Adam's moments are of the gradient, whatever the transforms and the clipping: they stay where the parameters do.
  if (same_size && same_parameters(controls.recipe, before.controls.recipe))
    go_on(first_, controls.recipe, std::nullopt, first_.optimization->state());
  else if (form_of(controls.recipe.parameterization).inverse == nullptr || has_opacity())
    begin(first_, controls.recipe); // the image there is has no parameters of that kind
  else
    go_on(first_, controls.recipe, parameters_of_all(images(), size, controls.recipe), std::nullopt);
  if (!two())
    return;
  if (!same_size)
    begin(second_, *task_.second);
  else if (!same_aim)
    go_on(second_, *task_.second, std::nullopt, second_.optimization->state());
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

std::vector<Array> FocusJob::images() {
  std::vector<Array> images;
  for (OptimizedImage &each : results())
    images.push_back(std::move(each.image));
  return images;
}

Progress FocusJob::progress() {
  last_progress_ = together(first_.optimization->progress());
  return last_progress_;
}

std::vector<OptimizedImage> FocusJob::results() {
  const std::vector<Progress> progress = first_.optimization->progress();
  const Array all = first_.optimization->images();
  std::vector<OptimizedImage> results;
  for (std::size_t i = 0; i < progress.size(); ++i)
    results.push_back({i, steps(), progress[i], one_image(all, i)});
  return results;
}

} // namespace convscope::viewer
