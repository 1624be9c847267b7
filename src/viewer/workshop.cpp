#include "viewer/workshop.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "io/image.h"
#include "io/resize.h"
#include "session/input_size.h"
#include "viewer/place.h"

namespace convscope::viewer {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr int photo_side = 1024; // of the texture, at the most

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
      timeline_atlas_(session.programs(), FocusJob::most_moments + 1, FocusJob::thumbnail, FocusJob::thumbnail,
                      "timeline") {
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
  return examination_ || (now_.running && (focusing || filling)) || free_steps_ > 0 || (focus_ && focus_->in_step());
}

// Whether it succeeded.
template <typename Function> bool Workshop::attempt(Function function) {
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
  const std::string layer = known(now_.layer) ? now_.layer : first_layer(rows_);
  const bool other_layer = other_model || layer != layer_ || (!wall_ && other_photo);
  const bool other_focus = there(now_.focus) != there(was.focus);
  // What was said is of what is left now, but for why a net was refused, and why there is no wall.
  const bool refusal = refused_ && now_.answered != was.answered;
  if (!refusal && (other_photo || other_layer || (other_focus && wall_))) {
    message_.clear();
    publish();
  }
  if (other_photo) {
    say_busy("reading the photo");
    attempt([&] { load_photo(); });
  }
  layer_ = layer;
  if (other_layer) {
    say_busy("opening " + layer);
    attempt([&] { open_layer(layer); });
  }
  if (other_layer || other_photo) {
    say_busy("feature maps of " + layer);
    attempt([&] { show_features(); });
  }
  if (wall_)
    wall_->set_recipe(now_.controls.recipe, now_.controls.seed);
  if (wall_ && (other_focus || now_.controls.size != was.controls.size)) // there may be room now
    wall_->try_again();
  free_steps_ += begins ? 0 : std::max(0, now_.single_steps - was.single_steps);
  // Scrolling the wall is a wish, too, and leaves the focus alone.
  const bool refocus = other_layer || other_photo || now_.focus != was.focus || now_.place != was.place ||
                       !(now_.controls == was.controls) || now_.second != was.second || now_.restarts != was.restarts ||
                       now_.rewind != was.rewind || restoring;
  if (refocus)
    attempt([&] { set_focus(was, begins || other_model, restoring); });
  if (other_model || other_photo)
    attempt([&] { classify(); });
  busy_.clear();
  publish();
}

std::optional<Unit> Workshop::there(const std::optional<Unit> &unit) const {
  return unit && known(unit->layer) ? unit : std::nullopt;
}

// Whether there is another net now. Else the one before stays, and all that was made with it.
bool Workshop::load_model() {
  message_.clear();
  say_busy("loading " + now_.model.model);
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
  retire(true, false, false);
  guesses_.clear();
  rows_ = rows_of(session_.graph());
}

// What the photo shows, where the net tells.
void Workshop::classify() {
  guesses_.clear();
  if (photo_.data.empty() || (session_.graph().logits < 0 && session_.graph().probabilities < 0))
    return;
  say_busy("classifying the photo");
  for (const Prediction &each : session_.classify(photo_rgb_, 3))
    guesses_.push_back({each.label.empty() ? fmt::format("class {}", each.index) : each.label, each.probability});
}

void Workshop::load_photo() {
  if (now_.photo.empty()) {
    map_ = {};
    photo_ = {};
    photo_rgb_ = {};
    photo_name_.clear();
    retire(false, false, true);
    if (wall_)
      wall_->forget_features();
    return;
  }
  std::string warning;
  photo_rgb_ = read_image(now_.photo, &warning);
  if (!warning.empty())
    message_ = warning;
  photo_name_ = now_.photo;
  map_ = {};
  Array rgb = to_float(photo_rgb_);
  const double longer = std::max(photo_rgb_.width, photo_rgb_.height);
  const double factor = std::min(1.0, photo_side / longer);
  if (factor < 1)
    rgb = resize(rgb, std::max(1, static_cast<int>(photo_rgb_.width * factor)),
                 std::max(1, static_cast<int>(photo_rgb_.height * factor)));
  photo_ = std::move(rgb);
  retire(false, false, true);
  const int height = static_cast<int>(photo_.shape[1]), width = static_cast<int>(photo_.shape[2]);
  photo_atlas_ = std::make_unique<Atlas>(session_.programs(), 1, width, height, "photo");
  vulkan::Buffer buffer(session_.device(), photo_.data.size() * sizeof(float), "photo");
  buffer.write(0, std::as_bytes(std::span(photo_.data)));
  vulkan::Recording recording(session_.device(), "photo");
  photo_atlas_->put_image(recording, 0, buffer.slice(), 0, height, width);
  recording.finish();
  recording.run("drawing the photo");
}

void Workshop::open_layer(const std::string &layer) {
  retire(true, false, false);
  wall_ = std::make_unique<WallJob>(session_, layer, tile_, slicing_);
  wall_->set_recipe(now_.controls.recipe, now_.controls.seed);
}

void Workshop::show_features() {
  if (!wall_ || photo_.data.empty())
    return;
  const NodeId node = find_layer(session_.graph(), wall_->layer());
  if (!session_.has_maps(node))
    return;
  wall_->show_features(session_.features_on_device(photo_rgb_, node));
}

// What its image needs, as it is seen; of very many planes, they are made smaller.
Size Workshop::focus_cell() const {
  const auto unit = there(now_.focus);
  const Size image = unit ? focus_->image_size_of(*unit, now_.controls) : square(now_.controls.size);
  return cell_size(plane_view(session_.graph().input.c, session_.model().rgb), image, 2048);
}

void Workshop::set_focus(const Wish &was, bool anew, const std::optional<SavedFocus> &restoring) {
  const Size cell = focus_cell();
  if (!focus_atlas_ || cell != Size{focus_atlas_->cell_width(), focus_atlas_->cell_height()}) {
    retire(false, true, false);
    focus_atlas_ = std::make_unique<Atlas>(session_.programs(), 3, cell.width, cell.height, "focus");
    map_ = {};
  }
  if (restoring && now_.focus) {
    focus_->restore(*now_.focus, now_.place, now_.controls, now_.second, photo_, *restoring);
    focus_->show_history(timeline_atlas_);
  } else {
    // A layer of the net before can be asked for until the window knows that there is another one.
    focus_->set(there(now_.focus), now_.place, now_.controls, now_.second, photo_);
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

// Where the focused unit fires in the photo: of the wall's maps or, where the wall shows another layer, made for it.
void Workshop::show_map() {
  const Unit unit = focus_->unit();
  if (photo_.data.empty() || (map_.layer == unit.layer && map_.channel == unit.channel))
    return;
  map_ = {};
  const NodeId node = find_layer(session_.graph(), unit.layer);
  const bool of_wall = wall_ && wall_->layer() == unit.layer && wall_->has_features();
  if (!of_wall && !session_.has_maps(node))
    return;
  std::optional<Activations> made;
  if (!of_wall) {
    say_busy("feature maps of " + unit.layer);
    made.emplace(session_.features_on_device(photo_rgb_, node));
  }
  const Shape shape = made ? made->shape(0) : wall_->map_shape();
  const vulkan::Buffer maxima(session_.device(), 3 * sizeof(float), "map's maximum"); // one for each cell
  vulkan::Recording recording(session_.device(), "map of " + unit.layer);
  focus_atlas_->put_map(recording, 2, made ? made->slice(0) : wall_->features(),
                        std::int64_t{unit.channel} * shape.h * shape.w, shape.h, shape.w, maxima.slice(),
                        MapLook::veil);
  recording.finish();
  recording.run("drawing a map of " + unit.layer);
  const Session::PhotoFit fit = session_.fit(photo_rgb_, {node});
  const float part = fit.whole ? 0 : static_cast<float>(fit.size.width) / static_cast<float>(fit.size.height);
  map_ = {unit.layer, unit.channel, shape.w, shape.h, part};
}

// Takes textures out of use; the window lets go of them when it sees the next generation.
void Workshop::retire(bool the_wall, bool the_focus, bool the_photo) {
  Retired old{generation_++, nullptr, nullptr, nullptr};
  if (the_wall && wall_)
    wall_->stop(); // its memory can be had at once
  if (the_wall)
    old.wall = std::move(wall_);
  if (the_focus)
    old.focus = std::move(focus_atlas_);
  if (the_photo)
    old.photo = std::move(photo_atlas_);
  retired_.push_back(std::move(old));
  telling_.textures(textures());
}

void Workshop::work() {
  if (examination_) {
    go_on_with_device_check();
    return;
  }
  // A pause begins when the step is done: what is shown then is what there is.
  const bool focusing =
      focus_->active() && !focus_->finished() && (now_.running || free_steps_ > 0 || focus_->in_step());
  const bool filling = now_.running && wall_ && now_.wall_images && wall_->wants_work(now_.in_view);
  if (!focusing && !filling) {
    free_steps_ = 0;
    step_seconds_ = 0;
    step_began_ = Clock::now(); // a pause is no part of the next step
    if (seconds_since(told_) > 0.2)
      publish();
    return;
  }
  const auto began = Clock::now();
  // What a driver compiles at a first run is not held against the one that needed it.
  const auto spent = [&] { return std::min(seconds_since(began), 0.1); };
  // The focus is what one looks at: it gets two thirds.
  if (focusing && (!filling || focus_time_ <= 2 * wall_time_)) {
    attempt([&] {
      if (focus_->advance()) {
        free_steps_ = std::max(0, free_steps_ - 1);
        show_focus();
        measure();
      }
    });
    focus_time_ += spent();
  } else {
    attempt([&] {
      if (wall_->advance(now_.in_view) && !focusing)
        measure();
    });
    wall_time_ += spent();
  }
  if (std::min(focus_time_, wall_time_) > 1) { // what is long past does not count
    focus_time_ -= 1;
    wall_time_ -= 1;
  }
  if (!focusing)
    focus_time_ = wall_time_ = 0;
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
  if (focus_->wants_moment())
    focus_->keep_moment(recording, timeline_atlas_);
  recording.finish();
  recording.run("drawing the focused image");
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
  s.photo_width = photo_rgb_.width;
  s.photo_height = photo_rgb_.height;
  if (focus_) {
    s.focus = focus_->state();
    s.focus.map = map_;
  }
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
          generation_};
}

void Workshop::save(const SaveRequest &request) {
  const bool saved = attempt([&] {
    if (request.what != SaveRequest::What::wall && focus_->finish_step())
      show_focus();
    if (request.what == SaveRequest::What::session)
      write_session(request.path, {shown_wish(), focus_->active() ? std::optional(focus_->saved()) : std::nullopt});
    else
      saver_(session_,
             request.what == SaveRequest::What::wall ? wall_picture(request.path) : focus_picture(request.path));
    message_ = "wrote " + path_text(std::filesystem::absolute(request.path));
  });
  if (!saved) {
    ++failed_saves_;
    failure_ = message_;
  }
  publish();
}

// The last wish, but for a photo that could not be read.
Wish Workshop::shown_wish() const {
  Wish wish = obeyed_;
  wish.photo = photo_name_;
  return wish;
}

Size Workshop::input_size(const std::string &layer, const Recipe &recipe, Size image) const {
  return input_size_for(session_.model(), {find_layer(session_.graph(), layer)}, recipe, image);
}

SavedPicture Workshop::wall_picture(const std::string &path) const {
  if (!wall_)
    throw UserError("there is no wall to save");
  SavedPicture picture{path,
                       session_.request(),
                       {},
                       wall_->images_so_far(),
                       wall_->recipe(),
                       wall_->image_size(),
                       input_size(wall_->layer(), wall_->recipe(), wall_->image_size()),
                       wall_->seed()};
  if (picture.images.empty())
    throw UserError("the wall has no finished images yet");
  for (std::size_t i = 0; i < picture.images.size(); ++i) {
    OptimizedImage &image = picture.images[i];
    picture.objectives.push_back(objective_text({wall_->layer(), static_cast<int>(image.objective)}));
    image.objective = i;
  }
  return picture;
}

SavedPicture Workshop::focus_picture(const std::string &path) {
  if (!focus_->active())
    throw UserError("there is no focused image to save");
  const Controls &controls = focus_->controls();
  return {path,
          session_.request(),
          {objective_text(focus_->unit())},
          {{0, focus_->steps(), focus_->progress(), focus_->image()}},
          controls.recipe,
          {focus_->width(), focus_->height()},
          input_size(focus_->unit().layer, controls.recipe, {focus_->width(), focus_->height()}),
          controls.seed,
          focus_->untouched()};
}

} // namespace convscope::viewer
