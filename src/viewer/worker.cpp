#include "viewer/worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "graph/shapes.h"
#include "io/image.h"
#include "io/resize.h"
#include "viewer/focus_job.h"
#include "viewer/wall_job.h"

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
      const Shape shape = infer_shapes(graph, {3, graph.default_size, graph.default_size}, static_cast<NodeId>(i))[i];
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

// Ends what takes long when the window is closed.
struct Quit {};

} // namespace

struct Worker::State {
  Session &session;
  Saver saver;
  double slice_flops;
  int tile;

  mutable std::mutex mutex;
  std::condition_variable changed;
  Wish wish;
  std::vector<SaveRequest> saves;
  std::optional<SavedFocus> resuming;
  Snapshot shown;
  Textures textures;
  int seen = 0; // textures' generation that the window has
  std::atomic<bool> quit = false;
  std::exception_ptr ended;

  // The thread's own from here on.
  Wish now;
  bool first = true;
  Array photo; // (3,H,W), 0..1
  ImageRgb8 photo_rgb;
  std::unique_ptr<WallJob> wall;
  std::optional<FocusJob> focus;
  std::optional<Atlas> focus_atlas, photo_atlas, timeline_atlas;
  // Textures that the window may still sample: freed once it has seen the generation that follows.
  struct Retired {
    int generation;
    std::unique_ptr<WallJob> wall;
    std::optional<Atlas> focus, photo;
  };
  std::vector<Retired> retired;
  std::vector<LayerRow> rows;
  std::optional<ModelRequest> refused;
  std::vector<Guess> guesses;
  std::optional<SavedFocus> restoring; // with the wish at hand
  std::string message, busy;
  int free_steps = 0; // single steps that were asked for
  double wall_time = 0, focus_time = 0, step_seconds = 0;
  Clock::time_point step_began = Clock::now(), told = Clock::now();
  std::thread thread;

  State(Session &on, Saver saves_by, const Wish &begin) : session(on), saver(std::move(saves_by)), wish(begin) {
    const bool cpu = session.device().info().is_cpu();
    slice_flops = cpu ? 0.35e9 : 40e9; // some 25 ms
    tile = cpu ? 64 : 96;
    session.set_slices({slice_flops, [this] {
                          if (quit)
                            throw Quit{};
                        }});
  }

  void run() {
    try {
      timeline_atlas.emplace(session.programs(), FocusJob::most_moments + 1, FocusJob::thumbnail, FocusJob::thumbnail,
                             "timeline");
      focus.emplace(session, slice_flops);
      while (take_wish())
        work();
    } catch (const Quit &) { // as was asked for
    } catch (...) {
      const std::lock_guard lock(mutex);
      ended = std::current_exception();
    }
  }

  // Waits where there is nothing to do. False at the end.
  bool take_wish() {
    Wish next;
    std::vector<SaveRequest> wanted;
    {
      std::unique_lock lock(mutex);
      if (!has_work() && !first)
        changed.wait_for(lock, std::chrono::milliseconds(100),
                         [&] { return quit || !(wish == now) || !saves.empty() || resuming; });
      if (quit)
        return false;
      next = wish;
      restoring = std::exchange(resuming, std::nullopt);
      wanted.swap(saves);
      std::erase_if(retired, [&](const Retired &old) { return old.generation < seen; });
    }
    if (first || restoring || !(next == now))
      obey(next);
    for (const SaveRequest &request : wanted)
      save(request);
    return true;
  }

  bool has_work() const {
    const bool focusing = focus && focus->active() && !focus->finished();
    const bool filling = wall && now.wall_images && wall->wants_work(now.in_view);
    return (now.running && (focusing || filling)) || free_steps > 0;
  }

  template <typename Function> void attempt(Function function) {
    try {
      function();
    } catch (const UserError &error) {
      message = error.what();
    }
  }

  void obey(const Wish &next) {
    const Wish was = std::exchange(now, next);
    const bool begins = std::exchange(first, false);
    // Of a net that was refused, or for which another was taken, the wish says the same as before.
    const bool asked = begins || !(now.model == was.model);
    const bool other_model = rows.empty() || (asked && !(now.model == session.request()) && load_model());
    const bool other_photo = begins || now.photo != was.photo;
    if (other_model)
      use_model();
    if (other_photo) {
      say_busy("reading the photo");
      attempt([&] { load_photo(); });
    }
    if (rows.empty()) {
      publish();
      return;
    }
    const std::string layer = now.layer.empty() ? first_layer(rows) : now.layer;
    const bool other_layer = other_model || !wall || layer != wall->layer();
    if (other_layer) {
      say_busy("opening " + layer);
      attempt([&] { open_layer(layer); });
    }
    if (other_layer || other_photo) {
      say_busy("feature maps of " + layer);
      attempt([&] { show_features(); });
    }
    if (wall)
      wall->set_recipe(now.controls.recipe, now.controls.seed);
    free_steps += begins ? 0 : std::max(0, now.single_steps - was.single_steps);
    // Scrolling the wall is a wish, too, and leaves the focus alone.
    const bool refocus = other_layer || other_photo || now.focus != was.focus || !(now.controls == was.controls) ||
                         now.second != was.second || now.restarts != was.restarts || now.rewind != was.rewind ||
                         restoring;
    if (refocus)
      attempt([&] { set_focus(was, begins || other_model); });
    restoring.reset();
    if (other_model || other_photo)
      attempt([&] { classify(); });
    busy.clear();
    publish();
  }

  // Whether there is another net now. Else the one before stays, and all that was made with it.
  bool load_model() {
    say_busy("loading " + now.model.model);
    message.clear();
    refused.reset();
    attempt([&] { session.load(now.model); });
    if (!message.empty() && now.otherwise) {
      const std::string first_message = std::exchange(message, "");
      attempt([&] { session.load(*now.otherwise); });
      if (!message.empty())
        message = first_message;
    }
    if (message.empty())
      return true;
    refused = now.model;
    return false;
  }

  void use_model() {
    // Plans refer to the weights of the net that is gone.
    focus.emplace(session, slice_flops);
    retire(true, false, false);
    guesses.clear();
    rows = rows_of(session.graph());
  }

  // What the photo shows, where the net tells.
  void classify() {
    guesses.clear();
    if (photo.data.empty() || (session.graph().logits < 0 && session.graph().probabilities < 0))
      return;
    say_busy("classifying the photo");
    for (const Prediction &each : session.classify(photo_rgb, 3))
      guesses.push_back({each.label.empty() ? fmt::format("class {}", each.index) : each.label, each.probability});
  }

  void load_photo() {
    if (now.photo.empty()) {
      photo = {};
      photo_rgb = {};
      retire(false, false, true);
      if (wall)
        wall->forget_features();
      return;
    }
    photo_rgb = read_image(now.photo);
    Array rgb = to_float(photo_rgb);
    const double longer = std::max(photo_rgb.width, photo_rgb.height);
    const double factor = std::min(1.0, photo_side / longer);
    if (factor < 1)
      rgb = resize(rgb, std::max(1, static_cast<int>(photo_rgb.width * factor)),
                   std::max(1, static_cast<int>(photo_rgb.height * factor)));
    photo = std::move(rgb);
    retire(false, false, true);
    const int height = static_cast<int>(photo.shape[1]), width = static_cast<int>(photo.shape[2]);
    photo_atlas.emplace(session.programs(), 1, width, height, "photo");
    vulkan::Buffer buffer(session.device(), photo.data.size() * sizeof(float), "photo");
    buffer.write(0, std::as_bytes(std::span(photo.data)));
    vulkan::Recording recording(session.device(), "photo");
    photo_atlas->put_image(recording, 0, buffer.slice(), 0, height, width);
    recording.finish();
    recording.run("drawing the photo");
    message.clear();
  }

  void open_layer(const std::string &layer) {
    retire(true, false, false);
    wall = std::make_unique<WallJob>(session, layer, tile, slice_flops);
    wall->set_recipe(now.controls.recipe, now.controls.seed);
    message.clear();
  }

  void show_features() {
    if (!wall || photo.data.empty())
      return;
    const NodeId node = find_layer(session.graph(), wall->layer());
    wall->show_features(session.features_on_device(photo_rgb, node));
  }

  void set_focus(const Wish &was, bool anew) {
    const bool resized = !focus_atlas || focus_atlas->cell_width() != now.controls.size;
    if (resized) {
      retire(false, true, false);
      focus_atlas.emplace(session.programs(), 3, now.controls.size, now.controls.size, "focus");
    }
    if (restoring && now.focus) {
      focus->restore(*now.focus, now.controls, now.second, photo, *restoring);
      focus->show_history(*timeline_atlas);
    } else {
      focus->set(now.focus, now.controls, now.second, photo);
    }
    if (!anew && now.restarts != was.restarts)
      focus->restart();
    if (!anew && now.rewind != was.rewind)
      focus->rewind(now.rewind_to);
    if (now.focus && wall && now.focus->layer == wall->layer())
      wall->show_map(now.focus->channel, *focus_atlas, 2);
    if (focus->active())
      show_focus();
  }

  // Takes textures out of use; the window lets go of them when it sees the next generation.
  void retire(bool the_wall, bool the_focus, bool the_photo) {
    Retired old{0, nullptr, std::nullopt, std::nullopt};
    const std::lock_guard lock(mutex);
    old.generation = textures.generation++;
    if (the_wall) {
      old.wall = std::move(wall);
      textures.maps = textures.images = nullptr;
    }
    if (the_focus && focus_atlas) {
      textures.focus = nullptr;
      old.focus.emplace(std::move(*focus_atlas));
      focus_atlas.reset();
    }
    if (the_photo && photo_atlas) {
      textures.photo = nullptr;
      old.photo.emplace(std::move(*photo_atlas));
      photo_atlas.reset();
    }
    retired.push_back(std::move(old));
  }

  void work() {
    const bool focusing = focus->active() && !focus->finished() && (now.running || free_steps > 0);
    const bool filling = now.running && wall && now.wall_images && wall->wants_work(now.in_view);
    if (!focusing && !filling) {
      free_steps = 0;
      step_seconds = 0;
      if (seconds_since(told) > 0.2)
        publish();
      return;
    }
    const auto began = Clock::now();
    // What a driver compiles at a first run is not held against the one that needed it.
    const auto spent = [&] { return std::min(seconds_since(began), 0.1); };
    // The focus is what one looks at: it gets two thirds.
    if (focusing && (!filling || focus_time <= 2 * wall_time)) {
      attempt([&] {
        if (focus->advance()) {
          free_steps = std::max(0, free_steps - 1);
          show_focus();
          measure();
        }
      });
      focus_time += spent();
    } else {
      attempt([&] {
        if (wall->advance(now.in_view) && !focusing)
          measure();
      });
      wall_time += spent();
    }
    if (std::min(focus_time, wall_time) > 1) { // what is long past does not count
      focus_time -= 1;
      wall_time -= 1;
    }
    if (!focusing)
      focus_time = wall_time = 0;
    if (seconds_since(told) > 0.1)
      publish();
  }

  void measure() {
    const double took = seconds_since(step_began);
    step_seconds = step_seconds > 0 ? 0.8 * step_seconds + 0.2 * took : took;
    step_began = Clock::now();
  }

  void show_focus() {
    vulkan::Recording recording(session.device(), "focus");
    focus->show(recording, *focus_atlas);
    if (focus->wants_moment())
      focus->keep_moment(recording, *timeline_atlas);
    recording.finish();
    recording.run("drawing the focused image");
  }

  void say_busy(const std::string &what) {
    busy = what;
    publish();
  }

  void publish() {
    Snapshot s;
    const vulkan::Device &device = session.device();
    s.model = session.request();
    s.refused = refused;
    s.default_size = session.graph().default_size;
    s.guesses = guesses;
    s.device = device.info().name;
    s.driver = device.info().driver_info;
    s.precision = precision_name(session.precision());
    s.layers = rows;
    if (wall) {
      s.layer = wall->layer();
      s.map_width = wall->map_shape().w;
      s.map_height = wall->map_shape().h;
      s.tiles = wall->tiles();
    }
    s.has_photo = photo_atlas.has_value();
    s.photo_width = photo_rgb.width;
    s.photo_height = photo_rgb.height;
    if (focus) {
      s.focus = focus->state();
      const auto &unit = s.focus.unit;
      if (unit && wall && unit->layer == wall->layer() && unit->channel < static_cast<int>(s.tiles.size()))
        s.focus.map_max = s.tiles[static_cast<std::size_t>(unit->channel)].map_max;
    }
    s.ms_per_step = step_seconds * 1e3;
    s.steps_per_second = step_seconds > 0 ? 1 / step_seconds : 0;
    s.memory_used = device.memory_used();
    s.memory_total = device.info().memory_bytes;
    s.busy = busy;
    s.message = message;
    told = Clock::now();
    const std::lock_guard lock(mutex);
    s.serial = shown.serial + 1;
    shown = std::move(s);
    textures.maps = wall ? &wall->maps() : nullptr;
    textures.images = wall ? &wall->images() : nullptr;
    textures.focus = focus_atlas ? &*focus_atlas : nullptr;
    textures.photo = photo_atlas ? &*photo_atlas : nullptr;
    textures.timeline = timeline_atlas ? &*timeline_atlas : nullptr;
  }

  void save(const SaveRequest &request) {
    attempt([&] {
      if (request.what == SaveRequest::What::session)
        write_session(request.path, {now, focus->active() ? std::optional(focus->saved()) : std::nullopt});
      else
        saver(session,
              request.what == SaveRequest::What::wall ? wall_picture(request.path) : focus_picture(request.path));
      message = "wrote " + request.path;
    });
    publish();
  }

  SavedPicture wall_picture(const std::string &path) const {
    if (!wall)
      throw UserError("there is no wall to save");
    SavedPicture picture{path,           session.request(), {},          wall->images_so_far(),
                         wall->recipe(), wall->tile(),      wall->seed()};
    if (picture.images.empty())
      throw UserError("the wall has no finished images yet");
    for (std::size_t i = 0; i < picture.images.size(); ++i) {
      OptimizedImage &image = picture.images[i];
      picture.objectives.push_back(objective_text({wall->layer(), static_cast<int>(image.objective)}));
      image.objective = i;
    }
    return picture;
  }

  SavedPicture focus_picture(const std::string &path) {
    if (!focus->active())
      throw UserError("there is no focused image to save");
    const Controls &controls = focus->controls();
    return {path,
            session.request(),
            {objective_text(*focus->unit())},
            {{0, focus->steps(), focus->progress(), focus->image()}},
            controls.recipe,
            controls.size,
            controls.seed,
            focus->untouched()};
  }
};

Worker::Worker(Session &session, const Wish &first, Saver saver)
    : state_(std::make_unique<State>(session, std::move(saver), first)) {
  state_->thread = std::thread([this] { state_->run(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->quit = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable())
    state_->thread.join();
  // A last frame may still sample the textures, which go now. Failures do not matter any more.
  const vulkan::Device &device = state_->session.device();
  const std::lock_guard lock(device.queue_mutex());
  vkQueueWaitIdle(device.queue());
}

SavedSession Worker::rescue() {
  state_->quit = true;
  state_->changed.notify_all();
  if (state_->thread.joinable())
    state_->thread.join();
  return {state_->now, state_->focus ? state_->focus->rescued() : std::nullopt};
}

void Worker::resume(const Wish &wish, SavedFocus focus) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wish = wish;
    state_->resuming = std::move(focus);
  }
  state_->changed.notify_all();
}

void Worker::wish(const Wish &wish) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wish = wish;
  }
  state_->changed.notify_all();
}

Snapshot Worker::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  return state_->shown;
}

Textures Worker::textures() const {
  const std::lock_guard lock(state_->mutex);
  return state_->textures;
}

void Worker::textures_seen(int generation) {
  const std::lock_guard lock(state_->mutex);
  state_->seen = generation;
}

void Worker::save(const SaveRequest &request) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->saves.push_back(request);
  }
  state_->changed.notify_all();
}

void Worker::check() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->ended)
    std::rethrow_exception(state_->ended);
}

} // namespace convscope::viewer
