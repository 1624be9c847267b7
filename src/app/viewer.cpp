#include "app/viewer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/interpolating.h"
#include "app/interrupt.h"
#include "app/optimizing.h"
#include "app/outputs.h"
#include "app/pictures.h"
#include "app/report.h"
#include "app/settings.h"
#include "base/error.h"
#include "base/files.h"
#include "dataset/photo_folder.h"
#include "graph/shapes.h"
#include "importer/weights_folder.h"
#include "io/image.h"
#include "io/png.h"
#include "session/recipe_json.h"
#include "viewer/ui.h"
#include "viewer/window.h"
#include "viewer/worker.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

// Seconds that a window that was closed may go on in the background: a driver's compiler can't be interrupted.
constexpr double longest_farewell = 1;

// The photos that come with the program: beside the weights where it is installed, in docs/ in a source tree.
std::vector<std::string> sample_photos() {
  std::vector<std::string> photos;
  const fs::path weights = weights_folder();
  if (weights.empty())
    return photos;
  std::error_code error;
  for (const fs::path &folder : {weights.parent_path() / "photos", weights.parent_path() / "docs" / "photos"})
    for (fs::directory_iterator file(folder, error), end; !error && file != end; file.increment(error))
      if (file->path().extension() == ".png")
        photos.push_back(file->path().string());
  std::sort(photos.begin(), photos.end());
  return photos;
}

// As `grid` makes it.
void save_grid(Session &session, const viewer::SavedPicture &picture) {
  const viewer::SavedGrid &grid = *picture.grid;
  PictureSettings settings;
  settings.command = "grid";
  settings.model = picture.model;
  settings.image = mark_file(picture.photo);
  settings.layer = grid.layer;
  settings.recipe = picture.recipe;
  settings.steps = {grid.steps};
  settings.width = picture.size.width;
  settings.height = picture.size.height;
  settings.batch = grid.at_once;
  settings.seed = picture.seed;
  mark_model(session, settings);
  mark_device(session, settings);
  const PlaneView view = plane_view(session.graph().input.c, session.model().rgb);
  write_png(picture.path, draw_cells(grid.cells, grid.columns, grid.rows, grid.images, view), settings_json(settings));
}

// The images, with the settings that make them again where the command line can.
void save_picture(Session &session, const viewer::SavedPicture &picture) {
  check_outputs({{"the picture", picture.path, ".png"}});
  if (picture.grid) {
    save_grid(session, picture);
    return;
  }
  PictureSettings settings;
  settings.command = "optimize";
  settings.model = picture.model;
  settings.objectives = picture.objectives;
  settings.recipe = picture.recipe;
  settings.width = picture.size.width;
  settings.height = picture.size.height;
  settings.input_size = {0, picture.input_size};
  settings.seed = picture.seed;
  mark_model(session, settings);
  mark_device(session, settings);
  settings.variants = picture.variants;
  settings.opacity = picture.opacity;
  const bool path = !picture.path_from.empty();
  if (path)
    settings.path = {picture.path_from, picture.path_to, static_cast<int>(picture.images.size())};
  if (!picture.photo.empty())
    settings.photo = mark_file(picture.photo);
  if (picture.from_photo) {
    settings.init = settings.photo;
    settings.starts.assign(picture.images.size(), 0);
  }
  if (!picture.style.empty())
    settings.style = mark_file(picture.style);
  bool again = picture.untouched;
  Outcome outcome;
  outcome.images = picture.images;
  for (const std::string &text : texts_of(settings))
    mark_vectors(session.objective(text), settings);
  if (path)
    outcome.objectives = path_of(session, *settings.path);
  else
    for (const std::string &text : picture.objectives)
      outcome.objectives.push_back(session.objective(text));
  for (const OptimizedImage &image : picture.images) {
    Objective &objective = outcome.objectives[image.objective];
    if (!path)
      objective.variant = picture.variants > 1 ? static_cast<int>(image.objective) : 0;
    settings.steps.push_back(image.steps);
    settings.which.push_back(objective.variant);
    if (path)
      objective.variant = 0; // its text tells which it is
    again = again && image.steps > 0;
  }
  const PlaneView view = plane_view(session.graph().input.c, session.model().rgb);
  const std::string json = again ? settings_json(settings) : "";
  if (picture.images.size() == 1)
    write_image(picture.path, picture.images.front(), view, json);
  else
    write_png(picture.path, draw_grid(outcome, settings, view), json);
}

// The device is lost: what can be kept goes to a file beside the settings, that the menu then offers. What to say of
// it.
std::string keep_session(viewer::Worker &worker, viewer::Config &config) {
  const fs::path settings = viewer::config_file();
  if (settings.empty())
    return "";
  const std::string file = path_text(settings.parent_path() / (std::string("lost") + viewer::session_ending));
  try {
    std::error_code ignored; // where it fails, so does the write
    fs::create_directories(settings.parent_path(), ignored);
    viewer::write_session(file, worker.rescue());
  } catch (const UserError &error) {
    return fmt::format("; the session could not be kept: {}", error.what());
  }
  viewer::remember(config.recent_sessions, file);
  viewer::save_config(config);
  return fmt::format("; the session is kept in {}: File, Open session goes on with it", file);
}

// For --report: how live the window was, in milliseconds.
nlohmann::ordered_json to_json(const viewer::Responsiveness::Summary &s) {
  nlohmann::ordered_json json = {
      {"frames", s.frames},
      {"seconds", s.seconds},
      {"frame_ms", {{"median", s.median_ms}, {"p95", s.slowest_20th_ms}, {"longest", s.worst_ms}}},
      {"input_wait_ms", {{"median", s.median_wait_ms}}}};
  nlohmann::ordered_json &longest = json["input_wait_ms"]["longest"] = nlohmann::ordered_json::array();
  for (const auto &wait : s.longest_waits)
    longest.push_back({{"ms", wait.milliseconds}, {"at_s", wait.at}});
  return json;
}

// How far the wall's images have come.
nlohmann::ordered_json wall_json(const viewer::Snapshot &now) {
  int images = 0, dead = 0;
  for (const viewer::TileState &tile : now.tiles) {
    images += tile.steps > 0;
    dead += tile.health == viewer::Health::dead;
  }
  return {{"layer", now.layer}, {"channels", now.tiles.size()}, {"images", images}, {"dead", dead}};
}

} // namespace

void note_left_out(Context &context, const std::vector<std::pair<bool, std::string>> &what) {
  for (const auto &[given, name] : what)
    if (given)
      context.note(fmt::format("the viewer leaves out {}: use --offscreen for that", name));
}

int open_viewer(Context &context, ViewRequest request) {
  if (!request.screenshot.empty())
    check_outputs({{"--screenshot", request.screenshot, ".png"}});
  context.tell_notes();
  const viewer::Display display;
  context.session.ask_extensions(display.instance_extensions(), viewer::Display::device_extensions());
  Session &session = context.session;
  viewer::Ui ui;
  ui.config = viewer::load_config();
  ui.samples = sample_photos();
  ui.wish = std::move(request.wish);
  ui.choose_focus = ui.wish.layer.empty();
  if (ui.wish.photos_seen.folder.empty()) {
    ui.wish.photos_seen.folder = ui.config.photos;
    ui.wish.photos_seen.database = ui.config.photos_database;
  }
  if (ui.wish.photo.empty() && !ui.samples.empty())
    ui.wish.photo = ui.samples.front();

  viewer::WindowOptions options;
  options.width = request.width > 0 ? request.width : ui.config.window_w;
  options.height = request.height > 0 ? request.height : ui.config.window_h;
  session.device(); // before the two threads
  viewer::Worker worker(session, ui.wish, save_picture);
  viewer::Window window(display, session.device(), options); // goes first: it samples the worker's textures
  window.set_theme(ui.config.theme);
  const InterruptGuard interrupt;
  const Stopwatch clock;
  bool asked = false;
  int failed_saves = 0; // that were shown
  const auto draw = [&] {
    worker.check();
    const viewer::Snapshot now = worker.snapshot();
    failed_saves = now.failed_saves;
    if (!asked && !request.screenshot.empty() && clock.seconds() >= request.after.value_or(0)) {
      window.request_screenshot();
      asked = true;
    }
    // A CPU driver draws with the cores that compute: some 20 frames a second are enough for it, and fewer where they
    // take so long that little was left for computing. An input ends the wait.
    const double wait = session.device().info().is_cpu() ? std::clamp(window.drawing_seconds(), 0.045, 0.25) : 0.0;
    window.frame(wait, [&] { ui.draw(now, worker.textures(), window, worker); });
  };
  while (window.open() && !interrupt.interrupted()) {
    try {
      draw();
    } catch (const DeviceError &error) {
      throw DeviceError(error.what() + keep_session(worker, ui.config));
    }
    if (const auto picture = window.take_screenshot()) {
      write_png(request.screenshot, *picture);
      tell("wrote " + request.screenshot);
      break;
    }
  }
  context.report["window"] = to_json(window.responsiveness().summary());
  context.report["wall"] = wall_json(worker.snapshot());
  if (const auto [width, height] = window.size(); request.width == 0 && width > 0 && height > 0) {
    ui.config.window_w = width;
    ui.config.window_h = height;
  }
  if (request.screenshot.empty())
    viewer::save_config(ui.config);
  int status = interrupt.interrupted() ? exit_interrupted : exit_done;
  window.hide();
  const bool ended = worker.end_within(longest_farewell);
  worker.check();
  if (const viewer::Snapshot last = worker.snapshot(); last.failed_saves > failed_saves) { // and nobody saw it
    tell(last.failure);
    status = exit_user_error;
  }
  if (!ended) {
    context.finish(status);
    std::_Exit(status);
  }
  return status;
}

Command add_view(CLI::App &program) {
  struct Options {
    std::string model = "vgg16", image, layer, recipe = "lucid", window, screenshot, images, database;
    int channel = -1;
    double after = 0;
    CLI::Option *after_given = nullptr;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("view", "The viewer: feature maps and optimized images, live in a window");
  CLI::App &app = *command.parser;
  add_model(app, o->model)->capture_default_str();
  add_image(app, o->image);
  add_text(app, "--layer", o->layer, "The layer to begin with", "L");
  add_integer(app, "--channel", o->channel, 0, 1 << 20, "The channel to begin with: the focus");
  add_text(app, "--images", o->images, "A folder of photos: those that excite the focused unit most stand beside it",
           "DIR");
  add_text(app, "--db", o->database, "Where what was seen of them is kept, as 'examples' has it [beside the caches]",
           "F.sqlite");
  add_text(app, "--recipe", o->recipe, "A name such as lucid or article, or a .json", "R");
  add_text(app, "--window", o->window, "The window's size in points, such as 1280x800; as it was left, without", "WxH");
  add_text(app, "--screenshot", o->screenshot, "Write the window as PNG after --after seconds, and end", "F.png");
  o->after_given = app.add_option("--after", o->after, "Seconds until the screenshot [5]")->type_name("SECONDS");
  command.run = [o](Context &context) -> int {
    ViewRequest request;
    request.wish.controls.recipe = recipe_by(o->recipe);
    if (!o->window.empty()) {
      const Size size = parse_size(o->window, "--window");
      request.width = size.width;
      request.height = size.height;
    }
    request.screenshot = o->screenshot;
    if (!std::isfinite(o->after) || o->after < 0)
      throw UserError("--after: must be seconds from 0");
    request.after = o->after_given->count() > 0 ? o->after : 5;
    if (o->after_given->count() > 0 && o->screenshot.empty())
      throw UserError("--after: goes with --screenshot");
    if (!o->image.empty()) {
      context.read_picture(o->image); // what is wrong with it is said before a window opens
      request.wish.photo = o->image;
    }
    if (!o->database.empty() && o->images.empty())
      throw UserError("--db: goes with --images");
    if (!o->images.empty())
      check_photos(text_path(o->images));
    request.wish.photos_seen.folder = o->images;
    request.wish.photos_seen.database = o->database;
    context.load(o->model);
    request.wish.model = context.session.request();
    if (!o->layer.empty()) {
      const Graph &graph = context.session.graph();
      request.wish.layer = graph.nodes[static_cast<std::size_t>(find_layer(graph, o->layer))].name;
    }
    if (o->channel >= 0) {
      if (o->layer.empty())
        throw UserError("--channel: goes with --layer");
      const std::string text = fmt::format("{}:{}", request.wish.layer, o->channel);
      const Objective objective = context.session.objective(text);
      const Graph &graph = context.session.graph();
      check_objective(objective, graph, infer_shapes(graph, graph.input, layers_of(objective).back()));
      request.wish.focus = viewer::Unit{request.wish.layer, o->channel};
    }
    return open_viewer(context, std::move(request));
  };
  return command;
}

} // namespace convscope
