#include "viewer/workshop.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "visualization/parameterizations/forms.h"

namespace convscope::viewer {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<LayerRow> rows_of(const Graph &graph) {
  std::vector<LayerRow> rows;
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const Node &node = graph.nodes[i];
    if (!node.layer)
      continue;
    LayerRow row{node.name, node.kind, 0, 0, 0, node.parameters, false};
    try {
      const Shape shape = infer_shapes(graph, graph.input, static_cast<NodeId>(i))[i];
      row.channels = shape.c;
      row.height = shape.h;
      row.width = shape.w;
      row.objective = true;
    } catch (const UserError &) { // a layer that this size does not reach can't be shown
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// The layer to begin with: in the middle of the net, where units have learned more than edges and the maps still have
// places.
std::string first_layer(const std::vector<LayerRow> &rows) {
  std::vector<const LayerRow *> fit;
  for (const LayerRow &row : rows)
    if (row.objective && row.height > 1)
      fit.push_back(&row);
  return fit.empty() ? std::string() : fit[fit.size() * 5 / 8]->name;
}

} // namespace

Workshop::Workshop(Session &session, Saver saver, Telling telling)
    : session_(session), saver_(std::move(saver)), telling_(std::move(telling)),
      slicing_(live_slices(session.device().info())), tile_(session.device().info().is_cpu() ? 64 : 96),
      lens_(session_, slicing_), examples_(session_),
      timeline_atlas_(session.programs(), FocusJob::most_moments + 1, FocusJob::thumbnail, FocusJob::thumbnail,
                      "timeline"),
      turns_({2, 3, 1, 1}) {
  session_.set_slicing(slicing_);
  session_.programs().watch([this](std::size_t made, std::size_t all) {
    // Whoever waits for them is in the midst of something: only what was told before is told again.
    Snapshot same = told_last_;
    same.busy = made < all ? fmt::format("making {} pipelines, {} done", all, made) : busy_;
    telling_.all(std::move(same), textures());
  });
  focus_.emplace(session_, slicing_);
}

void Workshop::free_textures(int seen) {
  std::erase_if(retired_, [&](const Retired &old) { return old.generation < seen; });
}

bool Workshop::has_work() const {
  const bool focusing = focus_ && focus_->active() && !focus_->finished();
  const bool filling = wall_ && now_.wall_images && wall_->wants_work(now_.in_view);
  return examination_ || (now_.running && (focusing || filling)) || grid_wants_work() || examples_.wants_work() ||
         free_steps_ > 0 || (focus_ && focus_->in_step());
}

bool Workshop::grid_wants_work() const {
  return lens_.has_grid() && !lens_.grid_done() && now_.grid_runs && now_.lens.kind == Lens::Kind::grid;
}

bool Workshop::attempt(const std::function<void()> &function) {
  try {
    function();
    return true;
  } catch (const UserError &error) {
    message_ = error.what();
    return false;
  }
}

bool Workshop::known(const std::string &layer) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const LayerRow &row) { return row.name == layer; });
}

void Workshop::obey(const Wish &next, const std::optional<SavedFocus> &restoring) {
  now_ = next;
  if (now_.device_check != device_check_.number)
    begin_device_check();
  const bool begins = std::exchange(first_, false);
  const bool loaded = now_.models != answered_ && load_model();
  const bool other_model = begins || loaded;
  answered_ = now_.models;
  if (other_model)
    use_model();
  if (refused_ && now_.answered != answered_) { // the window does not know yet
    busy_.clear();
    publish();
    return;
  }
  const Wish was = std::exchange(obeyed_, now_);
  const bool other_photo = begins || now_.photos != was.photos || now_.photo != was.photo;
  const bool other_style = begins || now_.styles != was.styles || now_.style != was.style;
  const std::string layer = known(now_.layer) ? now_.layer : first_layer(rows_);
  const bool other_layer = other_model || layer != layer_ || (!wall_ && other_photo);
  const bool other_focus = task(now_).unit != task(was).unit;
  // What was said is of what is left now, but for why a net was refused, and why there is no wall.
  const bool refusal = refused_ && now_.answered != was.answered;
  const bool other_aim = now_.aim != was.aim;
  if (!refusal && (other_photo || other_style || other_layer || ((other_focus || other_aim) && wall_))) {
    message_.clear();
    publish();
  }
  if (other_photo) {
    say_busy("reading the photo");
    attempt([&] { load_photo(); });
  }
  if (other_style)
    attempt([&] { load_style(); });
  if (other_photo || other_style || other_model)
    focus_->look_at(photo_, style_);
  if (other_photo || other_style || other_model || now_.draft != reading_.text ||
      now_.controls.size != was.controls.size || now_.controls.recipe != was.controls.recipe)
    reading_ = reading_of(session_, now_.draft, now_.controls, {photo_.width, photo_.height}, !style_.pixels.empty());
  layer_ = layer;
  if (other_layer) {
    say_busy("opening " + layer);
    attempt([&] { open_layer(layer); });
  }
  if (other_layer || other_photo) {
    say_busy("feature maps of " + layer);
    attempt([&] { show_features(); });
  }
  if (other_layer || other_photo)
    forget_lens();
  if (wall_)
    wall_->set_recipe(wall_recipe(), now_.controls.seed);
  if (wall_ && (other_focus || other_aim || now_.controls.size != was.controls.size)) // there may be room now
    wall_->try_again();
  free_steps_ += begins ? 0 : std::max(0, now_.single_steps - was.single_steps);
  // Scrolling the wall is a wish, too, and leaves the focus alone.
  const bool refocus = other_layer || other_photo || other_style || !(task_of(now_) == task_of(was)) ||
                       now_.restarts != was.restarts || now_.rewind != was.rewind || restoring;
  if (refocus)
    attempt([&] { set_focus(was, begins || other_model, restoring); });
  attempt([&] { set_lens(was); });
  attempt([&] { set_examples(); });
  if (other_model || other_photo)
    attempt([&] { classify(); });
  busy_.clear();
  publish();
}

// The focus's, or what that goes back to. The wall's images come and go one by one: they have nothing in common.
Recipe Workshop::wall_recipe() const {
  Recipe recipe = (now_.own ? *now_.own : now_.controls).recipe;
  if (form_of(recipe.parameterization).coupled)
    set_parameterization(recipe, convscope::recipe("lucid").parameterization);
  return recipe;
}

// A layer of the net before can be asked for until the window knows that there is another one.
FocusTask Workshop::task(const Wish &of) const {
  FocusTask task = task_of(of);
  const bool of_image = is_text(task.aim) && task.unit && task.unit->layer.empty();
  if (task.unit && !of_image && !known(task.unit->layer))
    task.unit.reset();
  return task;
}

// Whether there is another net now. Else the one before stays, and all that was made with it.
bool Workshop::load_model() {
  message_.clear();
  say_busy("loading " + now_.model.model);
  examples_.forget(); // its threads read the net
  refused_ = !attempt([&] { session_.load(now_.model); });
  if (refused_ && now_.otherwise) {
    const std::string of_the_first = std::exchange(message_, "");
    refused_ = !attempt([&] { session_.load(*now_.otherwise); });
    if (refused_)
      message_ = of_the_first;
  }
  return !refused_;
}

void Workshop::use_model() {
  // Plans refer to the weights of the net that is gone.
  focus_.emplace(session_, slicing_);
  map_ = {};
  retire_wall();
  forget_lens();
  guesses_.clear();
  rows_ = rows_of(session_.graph());
}

void Workshop::open_layer(const std::string &layer) {
  retire_wall();
  wall_ = std::make_unique<WallJob>(session_, layer, tile_, slicing_);
  wall_->set_recipe(wall_recipe(), now_.controls.seed);
}

// What an image needs, as it is seen; of very many planes, they are made smaller.
void Workshop::make_focus_cells(const FocusTask &task) {
  const Size image = task.unit ? focus_->image_size_of(task) : square(task.controls.size);
  const Size cell = cell_size(plane_view(session_.graph().input.c, session_.model().rgb), image, 2048);
  const int cells = image_cell(task.aim.images, true, task.aim.images);
  if (focus_atlas_ && cell == Size{focus_atlas_->cell_width(), focus_atlas_->cell_height()} &&
      cells <= focus_atlas_->cells())
    return;
  retire(focus_atlas_);
  focus_atlas_ = std::make_unique<Atlas>(session_.programs(), cells, cell.width, cell.height, "focus");
  map_ = {};
}

void Workshop::set_focus(const Wish &was, bool anew, const std::optional<SavedFocus> &restoring) {
  const FocusTask wanted = task(now_);
  try {
    make_focus_cells(wanted);
  } catch (const UserError &) { // such as of a typed objective that this net does not have
    focus_->set({});
    throw;
  }
  if (restoring && wanted.unit) {
    focus_->restore(wanted, *restoring);
    focus_->show_history(timeline_atlas_);
  } else {
    focus_->set(wanted);
  }
  if (!anew && now_.restarts != was.restarts)
    focus_->restart();
  if (!anew && now_.rewind != was.rewind)
    focus_->rewind(now_.rewind_to);
  if (focus_->active()) {
    show_map();
    show_focus();
  }
}

void Workshop::work() {
  if (examination_) {
    go_on_with_device_check();
    return;
  }
  settle_examples();
  // A pause begins when the step is done: what is shown then is what there is.
  const bool focusing =
      focus_->active() && !focus_->finished() && (now_.running || free_steps_ > 0 || focus_->in_step());
  const bool filling = now_.running && wall_ && now_.wall_images && wall_->wants_work(now_.in_view);
  const bool gridding = grid_wants_work(), looking = examples_.wants_work();
  if (!focusing && !filling && !gridding && !looking) {
    free_steps_ = 0;
    step_seconds_ = 0;
    step_began_ = Clock::now(); // a pause is no part of the next step
    if (seconds_since(told_) > 0.2)
      publish();
    return;
  }
  const auto began = Clock::now();
  // The focus is what one looks at, but for a grid that one has asked for.
  const std::size_t turn = turns_.next({focusing, gridding, filling, looking});
  attempt([&] {
    if (turn == 0 && focus_->advance()) {
      free_steps_ = std::max(0, free_steps_ - 1);
      show_focus();
      measure();
    } else if (turn == 1) {
      advance_grid();
    } else if (turn == 2 && wall_->advance(now_.in_view) && !focusing) {
      measure();
    } else if (turn == 3) {
      examples_.advance();
    }
  });
  // What a driver compiles at a first run is not held against the one that needed it.
  turns_.spent(turn, std::min(seconds_since(began), 0.1));
  if (seconds_since(told_) > 0.1)
    publish();
}

void Workshop::measure() {
  const double took = seconds_since(step_began_);
  step_seconds_ = step_seconds_ > 0 ? 0.8 * step_seconds_ + 0.2 * took : took;
  step_began_ = Clock::now();
}

void Workshop::show_focus() {
  vulkan::Recording recording(session_.device(), "focus");
  focus_->show(recording, *focus_atlas_);
  recording.finish();
  recording.run("drawing the focused image");
  if (focus_->wants_moment())
    focus_->keep_moment(timeline_atlas_);
}

void Workshop::say_busy(const std::string &what) {
  busy_ = what;
  publish();
}

void Workshop::publish() {
  Snapshot s;
  const vulkan::Device &device = session_.device();
  s.model = session_.request();
  s.models = answered_;
  s.refused = refused_;
  s.net_size = session_.graph().size();
  s.planes = session_.graph().input.c;
  s.one_picture = plane_view(s.planes, session_.model().rgb).one_picture();
  s.guesses = guesses_;
  s.device = device.info().name;
  s.driver = device.info().driver_info;
  s.precision = precision_name(session_.precision());
  s.layers = rows_;
  s.layer = layer_;
  if (wall_) {
    if (wall_->has_features()) {
      s.map_width = wall_->map_shape().w;
      s.map_height = wall_->map_shape().h;
    }
    const Size tile = view_size(plane_view(session_.graph().input.c, session_.model().rgb), wall_->image_size());
    s.tile_width = tile.width;
    s.tile_height = tile.height;
    s.tiles = wall_->tiles();
  }
  s.has_photo = photo_atlas_ != nullptr;
  s.photo = photo_name_;
  s.photo_width = photo_.width;
  s.photo_height = photo_.height;
  s.style = style_name_;
  s.reading = reading_;
  if (focus_) {
    s.focus = focus_->state();
    s.focus.map = map_;
  }
  s.lens = lens_.state();
  s.examples = examples_.state();
  s.ms_per_step = step_seconds_ * 1e3;
  s.steps_per_second = step_seconds_ > 0 ? 1 / step_seconds_ : 0;
  s.memory_used = device.memory_used();
  s.memory_total = device.info().memory_bytes;
  s.device_check = device_check_;
  s.busy = busy_;
  s.message = message_;
  s.failed_saves = failed_saves_;
  s.failure = failure_;
  told_ = Clock::now();
  told_last_ = s;
  telling_.all(std::move(s), textures());
}

Textures Workshop::textures() const {
  return {wall_ ? &wall_->maps() : nullptr,
          wall_ ? &wall_->images() : nullptr,
          focus_atlas_.get(),
          photo_atlas_.get(),
          &timeline_atlas_,
          grid_atlas_.get(),
          groups_atlas_.get(),
          examples_atlas_.get(),
          example_photos_atlas_.get(),
          generation_};
}

} // namespace convscope::viewer
