#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/frames.h"
#include "app/interpolating.h"
#include "app/optimizing.h"
#include "app/outputs.h"
#include "app/pictures.h"
#include "app/report.h"
#include "app/viewer.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/grid.h"
#include "graph/shapes.h"
#include "io/animation.h"
#include "io/npy.h"
#include "io/png.h"
#include "session/input_size.h"
#include "session/recipe_json.h"
#include "viewer/aim.h"

namespace convscope {

namespace {

GridOptions change_options(const PictureSettings &settings) {
  GridOptions options;
  options.title = path_text(std::filesystem::path(settings.model.model).filename());
  options.subtitle = settings.recipe.name;
  options.columns = 3;
  return options;
}

// Images that began as a photo: beside it, and where they are another.
void write_changes(Session &session, const ImageRgb8 &photo, const Outcome &outcome, const PictureSettings &settings,
                   const PlaneView &view, const std::string &png) {
  const Array began = session.picture(photo, {settings.width, settings.height});
  const std::vector<std::string> paths = numbered_paths(png, outcome.objectives.size());
  const auto write = [&](const std::vector<OptimizedImage> &images, const std::string &path) {
    Outcome part = outcome;
    part.images = images;
    write_png(path, tile_grid(change_tiles(session, part, settings, began, view), change_options(settings)),
              settings_json(settings_of(settings, images)));
    tell("wrote " + path);
  };
  if (paths.empty())
    return write(outcome.images, png);
  for (const OptimizedImage &image : outcome.images)
    write({image}, paths[image.objective]);
}

// A picture alone is bare, so that it can be used as an image (one that is seen plane by plane has labels); several
// come as a labelled grid, or as numbered files.
void write_pictures(const Outcome &outcome, const PictureSettings &settings, const PlaneView &view,
                    const std::string &png) {
  const std::vector<std::string> paths = numbered_paths(png, outcome.objectives.size());
  if (paths.empty() && outcome.images.size() > 1) {
    write_png(png, draw_grid(outcome, settings, view), settings_json(settings_of(settings, outcome.images)));
    tell("wrote " + png);
    return;
  }
  for (const OptimizedImage &image : outcome.images) {
    const std::string &path = paths.empty() ? png : paths[image.objective];
    write_image(path, image, view, settings_json(settings_of(settings, {image})));
    tell("wrote " + path);
  }
}

// That several pictures have room on a page is said before the work.
void check_page(const PictureSettings &settings, const PlaneView &view, const std::string &png) {
  if (png.empty() || names_loop(png))
    return;
  const Size drawn = settings.draw_size.given() ? settings.draw_size : Size{settings.width, settings.height};
  const bool one = settings.objectives.size() < 2 || settings.only || !numbered_paths(png, 1).empty();
  if (shows_change(settings, view)) {
    const std::vector<Tile> tiles(3 * (one ? 1 : settings.objectives.size()),
                                  {{}, settings.objectives.front(), "value"});
    check_grid(tiles, settings.width, settings.height, change_options(settings));
    return;
  }
  if (one) {
    if (!view.one_picture())
      check_grid(plane_labels(view.planes), drawn.width, drawn.height, {});
    return;
  }
  std::vector<Tile> tiles;
  for (const std::string &objective : settings.objectives)
    tiles.push_back({{}, objective, "value"});
  const Size shown = view_size(view, drawn);
  check_grid(tiles, shown.width, shown.height, page_options(settings, settings.recipe.name));
}

// What the viewer can show of a request: its first objective; and by which recipe the wall's images are, which have
// nothing in common.
ViewRequest view_of(Context &context, const PictureSettings &settings, const Recipe &wall) {
  const std::string &text = settings.path ? settings.path->from : settings.objectives.front();
  const Model &model = context.session.model();
  const Objective objective = context.session.objective(text);
  Size photo;
  if (settings.photo) {
    const ImageRgb8 picture = context.read_picture(settings.photo->file);
    photo = {picture.width, picture.height};
  }
  // Its images have the proportions of the net's input, or of a photo, and as many pixels as a square.
  const Size image{settings.width, settings.height};
  int side = image.width == image.height ? image.width : settings.recipe.size;
  if (photo.given() && !objective.needs().photo && image == in_proportions_of(photo, settings.recipe.size))
    side = settings.recipe.size; // nobody asked for these
  else if (image != image_size_for(model, objective, settings.recipe, side, photo))
    throw UserError(fmt::format("the viewer's images have the proportions of the net's input, or of the photo that an "
                                "objective compares with: {}x{} needs --offscreen",
                                image.width, image.height));
  if (settings.variants > viewer::most_images)
    throw UserError(fmt::format("the viewer shows up to {} images of an objective: --variants {} needs --offscreen",
                                viewer::most_images, settings.variants));
  with_variants({objective}, settings.variants); // says where they are too few
  ViewRequest view;
  viewer::Controls &controls = view.wish.controls;
  controls.recipe = settings.recipe;
  controls.size = side;
  controls.seed = settings.seed;
  controls.opacity = settings.opacity;
  check_opacity(settings, plane_view(context.session.graph().input.c, model.rgb));
  const auto read = [&](const std::string &which) {
    viewer::Reading reading = viewer::reading_of(context.session, which, controls, photo, settings.style.has_value());
    if (!reading.problem.empty())
      throw UserError(fmt::format("objective '{}': {}", which, reading.problem));
    return reading;
  };
  const viewer::Reading reading = read(text);
  view.wish.model = settings.model;
  view.wish.layer = reading.unit.layer;
  view.wish.focus = reading.unit;
  if (!reading.plain)
    view.wish.aim = {viewer::Aim::Kind::typed, text, 1};
  view.wish.aim.images = settings.variants;
  if (settings.path) {
    read(settings.path->to);
    if (settings.path->images > viewer::most_images)
      throw UserError(fmt::format("the viewer shows up to {} images of a path: --images {} needs --offscreen",
                                  viewer::most_images, settings.path->images));
    view.wish.aim = {viewer::Aim::Kind::path, text, settings.path->images};
    view.wish.aim.to = settings.path->to;
    view.wish.own = controls;
    view.wish.own->recipe = wall;
  }
  view.wish.photo = settings.photo ? settings.photo->file : "";
  view.wish.style = settings.style ? settings.style->file : "";
  return view;
}

// Each of several images by its own name; frames where they are one file.
std::vector<Output> outputs_of(const PictureOutputs &outputs, std::size_t images, const std::string &report) {
  std::vector<Output> all = {{"-o", outputs.png, names_loop(outputs.png) ? "" : ".png"},
                             {"--loop", outputs.loop, ""},
                             {"--npy", outputs.npy, ".npy"},
                             {"--frames", is_animation(lower_extension(outputs.frames)) ? outputs.frames : "", ""},
                             {"--report", report, ""}};
  for (const std::string &file : numbered_paths(outputs.png, images))
    all.push_back({"-o", file, ""});
  return all;
}

} // namespace

int make_images(Context &context, const PictureSettings &given, const PictureOutputs &outputs) {
  PictureSettings settings = given;
  const PlaneView view = plane_view(context.session.graph().input.c, context.session.model().rgb);
  check_opacity(settings, view);
  check_page(settings, view, outputs.png);
  mark_model(context.session, settings);
  std::optional<FrameWriter> frames;
  if (!outputs.frames.empty())
    frames.emplace(outputs.frames, settings.objectives, view);
  Optimizing optimizing(context, settings);
  mark_device(context.session, settings);
  context.report["settings"] = nlohmann::ordered_json::parse(settings_json(settings));

  Frames shown;
  if (frames) {
    shown.every = FrameWriter::every(settings.steps.front());
    shown.show = [&frames](OptimizeRun &run) { frames->add(run); };
  }
  const Outcome outcome = optimizing.run(shown);
  if (frames) {
    frames->finish();
    tell(fmt::format("wrote {} frames to {}: the start, {}", frames->written(), outputs.frames,
                     shown.every == 1 ? "then every step"
                                      : fmt::format("then every {}th step and the last", shown.every)));
  }
  if (outcome.images.empty()) {
    tell("nothing was written");
    return outcome.status();
  }
  const Stopwatch clock;
  if (!outputs.npy.empty()) {
    write_npy(outputs.npy, stacked(outcome.images));
    tell("wrote " + outputs.npy);
  }
  if (!outputs.png.empty() && shows_change(settings, view))
    write_changes(context.session, context.read_picture(settings.photo->file), outcome, settings, view, outputs.png);
  else if (names_loop(outputs.png))
    write_loop(outputs.png, outcome, settings, view);
  else if (!outputs.png.empty())
    write_pictures(outcome, settings, view, outputs.png);
  if (!outputs.loop.empty())
    write_loop(outputs.loop, outcome, settings, view);
  context.report["timings"]["write_s"] = clock.seconds();
  return outcome.status();
}

Command add_optimize(CLI::App &program) {
  struct Options {
    std::string model;
    OptimizeOptions optimize;
    PictureOutputs outputs;
    InputSize input;
    bool offscreen = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("optimize", "Images that maximize objectives, found by gradient ascent");
  CLI::App &app = *command.parser;
  app.add_flag("--offscreen", o->offscreen, "Without a window: write files and exit");
  command.need(add_model(app, o->model));
  add_optimize_options(app, o->optimize)
      ->description(
          "What to maximize, such as block3_conv1:13; again for another image (required, but for --from and --to)");
  add_text(app, "--from", o->optimize.from,
           "Instead: images on the way from this objective to that of --to, which run together and, by "
           "--parameterization shared, have a part in common",
           "O");
  add_text(app, "--to", o->optimize.to, "Where they go", "O");
  add_integer(app, "--images", o->optimize.images, 2, most_variants,
              fmt::format("How many they are, with both ends [{}]", default_path));
  add_print_recipe(command, o->optimize);
  add_input_size(app, o->input,
                 "Resize what the transforms give to this, N or WxH, before the net [only where layers need the net's "
                 "own size, as behind a dense head]");
  add_text(
      app, "--init", o->optimize.init,
      "Start from a picture (fft, pixel, laplacian); or from these parameters, of fft (1 or N,C,H,W/2+1,2) float32, of "
      "the image's sides or, where those have prime factors above 7, the next ones that have not. Gives the size, "
      "a picture its proportions, where --size does not",
      "F");
  app.add_flag(
      "--alpha", o->optimize.opacity,
      "Images with an opacity, as RGBA: the net sees them over noise, and the less of them there is the better, "
      "so that what the objective needs is left");
  add_text(app, "--draw-size", o->optimize.draw_size,
           "Draw the images of cppn, once they are optimized, at this size, N or WxH", "N|WxH");
  add_output(app, o->outputs.png,
             "PNG: the bare image; of several objectives a grid (of a path a strip), or one file each with %d in the "
             "name (from 0). Of a path also .gif or .y4m: its loop");
  add_text(app, "--loop", o->outputs.loop,
           "Also a path's images as a loop, forth and back: an animated .png, .gif or, for any encoder, .y4m", "F");
  add_text(app, "--npy", o->outputs.npy, "Also the images as float32 (N,C,H,W), 0..1", "F.npy");
  add_text(app, "--frames", o->outputs.frames,
           "Also a folder of frames, or an animation of them (.gif, .y4m, animated .png): each step, or about 128",
           "DIR|F");
  command.run = [o](Context &context) {
    if (o->optimize.print_recipe) {
      print_recipe(o->optimize);
      return exit_done;
    }
    const bool path = !o->optimize.from.empty() || !o->optimize.to.empty();
    if (!path && o->optimize.objectives.empty())
      throw UserError("optimize: --objective is required");
    check_path(o->optimize);
    if (o->offscreen && o->outputs.png.empty() && o->outputs.npy.empty() && o->outputs.loop.empty())
      throw UserError("optimize: -o is required");
    check_loops(o->outputs, path);
    const std::size_t images = path ? static_cast<std::size_t>(images_of(o->optimize))
                                    : o->optimize.objectives.size() * static_cast<std::size_t>(o->optimize.variants);
    const std::vector<Output> outputs = outputs_of(o->outputs, images, context.options.report);
    check_outputs(outputs, files_of(o->optimize));
    PictureSettings settings;
    settings.command = "optimize";
    settings.input_size = o->input;
    context.load(o->model);
    settings.model = context.session.request();
    apply(o->optimize, context, settings);
    check_outputs(outputs, files_of(settings));
    if (!o->outputs.frames.empty())
      check_frames(o->outputs.frames, files_of(settings));
    if (!o->offscreen) {
      note_left_out(context, {{!o->outputs.png.empty(), "-o"},
                              {!o->outputs.npy.empty(), "--npy"},
                              {!o->outputs.frames.empty(), "--frames"},
                              {!path && settings.objectives.size() > static_cast<std::size_t>(settings.variants),
                               "objectives but the first"},
                              {!o->outputs.loop.empty(), "--loop"},
                              {settings.input_size.given(), "--input-size"},
                              {settings.batch > 0, "--batch"},
                              {settings.spectrum.has_value(), "--spectrum"},
                              {settings.draw_size.given(), "--draw-size"},
                              {settings.init.has_value(), "--init"}});
      OptimizeOptions alone = o->optimize;
      alone.from.clear();
      return open_viewer(context, view_of(context, settings, recipe_of(alone)));
    }
    note_unused_pictures(context, settings);
    return make_images(context, settings, o->outputs);
  };
  return command;
}

} // namespace convscope
