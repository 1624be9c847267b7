// `grid`: what a layer saw in a photo, as an activation grid, as groups of channels, or as one position's channels.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/interrupt.h"
#include "app/optimizing.h"
#include "app/outputs.h"
#include "app/pictures.h"
#include "app/progress.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/activation_grid.h"
#include "figure/feature_grid.h"
#include "figure/page.h"
#include "graph/names.h"
#include "io/npy.h"
#include "io/png.h"
#include "io/resize.h"
#include "session/activation_groups.h"
#include "session/grid_run.h"
#include "session/input_size.h"
#include "session/recipe_json.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

constexpr int default_cell = 42, default_grid_steps = 256, default_top = 4, default_batch_of_cells = 64;
constexpr int most_columns = 7;   // of a page
constexpr int shown_side = 256;   // of its pictures, at least
constexpr int named_channels = 4; // of a group

// What the three pictures are made of.
struct Seen {
  ImageRgb8 photo; // the part that the net saw
  NodeId layer = -1;
  std::string name;
  Array maps; // (C,H,W)
  int columns() const { return static_cast<int>(maps.shape[2]); }
  int rows() const { return static_cast<int>(maps.shape[1]); }
};

void check_position(const PictureSettings &settings, const Shape &shape, const std::string &layer) {
  if (settings.at && (settings.at->at(0) >= shape.w || settings.at->at(1) >= shape.h))
    throw UserError(fmt::format("--at {},{}: {} has {} by {} positions here: x is 0 to {}, y is 0 to {}",
                                settings.at->at(0), settings.at->at(1), layer, shape.w, shape.h, shape.w - 1,
                                shape.h - 1));
}

void check_groups(const PictureSettings &settings, const Shape &shape, const std::string &layer) {
  const int most = groups_at_most(shape);
  if (settings.groups > most)
    throw UserError(fmt::format("--groups {}: the {} by {} positions and {} channels of {} make {} at most",
                                settings.groups, shape.w, shape.h, shape.c, layer, most));
}

Seen look(Context &context, const PictureSettings &settings) {
  Session &session = context.session;
  Seen seen;
  const ImageRgb8 photo = context.read_picture(settings.image->file);
  seen.layer = find_layer(session.graph(), settings.layer);
  seen.name = session.graph().nodes[static_cast<std::size_t>(seen.layer)].name;
  if (!session.has_maps(seen.layer))
    throw UserError(fmt::format("layer '{}' gives a vector, which has no positions", seen.name));
  const Session::PhotoFit fit = session.fit(photo, {seen.layer}, settings.input_size);
  const Shape shape = shape_at(session.model(), seen.layer, fit.size);
  check_position(settings, shape, seen.name);
  check_groups(settings, shape, seen.name);
  if (!settings.at && settings.groups == 0)
    check_activation_grid(shape.w, shape.h, settings.width);
  seen.maps = session.features(photo, {seen.layer}, settings.input_size).at(0);
  const Array part = center_crop(to_float(photo), fit.size.width, fit.size.height);
  seen.photo = to_rgb8(fit_shorter_side(part, std::max(shown_side, settings.height)));
  return seen;
}

// With a longer side of `shown_side`, or as large as it is.
ImageRgb8 shown(const ImageRgb8 &image) {
  const int longer = std::max(image.width, image.height);
  if (longer >= shown_side)
    return image;
  return resize(image, std::max(1, image.width * shown_side / longer), std::max(1, image.height * shown_side / longer));
}

// The photo no larger than that, beside images of one width.
ImageRgb8 beside(const ImageRgb8 &photo, int side) {
  const double factor = double(side) / std::max(photo.width, photo.height);
  const auto scaled = [factor](int length) { return std::max(1, static_cast<int>(std::lround(length * factor))); };
  return resize(photo, scaled(photo.width), scaled(photo.height));
}

OptimizationOptions options_of(const PictureSettings &settings) {
  OptimizationOptions options;
  options.width = settings.width;
  options.height = settings.height;
  options.seed = settings.seed;
  return options;
}

OptimizeRequest request_of(const PictureSettings &settings, std::vector<Objective> objectives) {
  OptimizeRequest request;
  request.objectives = std::move(objectives);
  request.recipe = settings.recipe;
  request.options = options_of(settings);
  request.batch = settings.batch;
  return request;
}

GridOptions page_of(Context &context, const PictureSettings &settings, const Seen &seen, std::string more) {
  GridOptions options;
  options.title = fmt::format("{}  {}", context.session.graph().name, seen.name);
  options.subtitle = fmt::format("{}, {}", path_text(std::filesystem::path(settings.image->file).filename()), more);
  return options;
}

void write_page(const PictureOutputs &outputs, const ImageRgb8 &page, const PictureSettings &settings) {
  if (outputs.png.empty())
    return;
  write_png(outputs.png, page, settings_json(settings));
  tell("wrote " + outputs.png);
}

void write_images(const PictureOutputs &outputs, const Outcome &outcome) {
  if (outputs.npy.empty())
    return;
  write_npy(outputs.npy, stacked(outcome.images));
  tell("wrote " + outputs.npy);
}

// All of the images, or none where it was interrupted.
std::optional<Outcome> optimized(Context &context, OptimizeRequest request, int &status) {
  Outcome outcome = Optimizing(context, std::move(request)).run();
  status = outcome.status();
  if (!outcome.interrupted)
    return outcome;
  tell("nothing was written");
  return std::nullopt;
}

void start_report(Context &context, PictureSettings &settings) {
  mark_model(context.session, settings);
  mark_device(context.session, settings);
  context.report["settings"] = Json::parse(settings_json(settings));
}

// ---- The grid ----

// The border, which the transforms leave half made, is cut off: 2 pixels of 42.
Array without_border(const Array &images, int index) {
  const auto channels = images.shape[1], height = images.shape[2], width = images.shape[3];
  const auto cut = [](std::int64_t side) { return side * 2 / default_cell; };
  const std::int64_t top = cut(height), left = cut(width);
  Array inner{{channels, height - 2 * top, width - 2 * left}, {}};
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = top; y < height - top; ++y) {
      const auto row = images.data.begin() + ((index * channels + c) * height + y) * width;
      inner.data.insert(inner.data.end(), row + left, row + width - left);
    }
  return inner;
}

// Returns whether it came to its end.
bool run_grid(Context &context, GridRun &run) {
  context.tell_notes();
  const InterruptGuard interrupt;
  const Stopwatch clock;
  {
    ProgressBar bar(run.steps());
    Chunk chunk;
    while (!run.done() && !interrupt.interrupted()) {
      const Stopwatch stopwatch;
      run.advance(chunk.steps());
      chunk.took(stopwatch.seconds());
      if (bar.due(run.step(), run.step()))
        bar.update(fmt::format("step {} of {}", run.step(), run.steps()), run.value());
    }
  }
  if (const auto step = run.stopped())
    throw UserError(
        fmt::format("the grid's values are not numbers any more since step {}: --lr may be too large", *step));
  context.report["timings"]["optimize_s"] = clock.seconds();
  if (!run.done())
    tell(fmt::format("interrupted after step {} of {}", run.step(), run.steps()));
  return run.done();
}

// (rows,columns,C,H,W), grey where there is no image.
Array by_position(const GridRun &run, const Array &images) {
  const auto each = static_cast<std::size_t>(images.elements() / images.shape[0]);
  Array all{{run.rows(), run.columns(), images.shape[1], images.shape[2], images.shape[3]}, {}};
  all.data.assign(static_cast<std::size_t>(all.elements()), 0.5F);
  for (std::size_t i = 0; i < run.cells().size(); ++i) {
    const GridCell &cell = run.cells()[i];
    const auto at = static_cast<std::size_t>(cell.y * run.columns() + cell.x) * each;
    std::copy_n(images.data.begin() + static_cast<std::ptrdiff_t>(i * each), each,
                all.data.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return all;
}

Json cells_json(const Seen &seen) {
  Json norms = Json::array();
  for (int y = 0; y < seen.rows(); ++y) {
    norms.push_back(Json::array());
    for (int x = 0; x < seen.columns(); ++x)
      norms.back().push_back(norm_of(vector_at(seen.maps, x, y)));
  }
  return {{"layer", seen.name}, {"columns", seen.columns()}, {"rows", seen.rows()}, {"norms", norms}};
}

int make_activation_grid(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs) {
  const bool pictures = !outputs.png.empty() || !outputs.npy.empty();
  if (pictures) {
    GridRequest request;
    request.layer = seen.layer;
    request.maps = seen.maps;
    request.recipe = settings.recipe;
    request.options = options_of(settings);
    request.at_once = settings.batch > 0 ? settings.batch : default_batch_of_cells;
    GridRun run(context.session, std::move(request));
    start_report(context, settings);
    const bool whole = run_grid(context, run);
    if (run.step() == 0) {
      tell("nothing was written");
      return exit_interrupted;
    }
    settings.steps = {run.step()};
    settings.recipe.steps = run.step();
    const Array images = run.images();
    const PlaneView view = plane_view(context.session.graph().input.c, context.session.model().rgb);
    write_page(outputs, draw_cells(run.cells(), run.columns(), run.rows(), images, view), settings);
    if (!outputs.npy.empty()) {
      write_npy(outputs.npy, by_position(run, images));
      tell("wrote " + outputs.npy);
    }
    if (!whole)
      return exit_interrupted;
  }
  if (outputs.json)
    fmt::print("{}\n", cells_json(seen).dump(2));
  return exit_done;
}

// ---- Groups ----

std::vector<ChannelStrength> strongest_of(const ActivationGroup &group) {
  const auto channels = static_cast<std::int64_t>(group.vector.size());
  return strongest_channels({{channels, 1, 1}, group.vector}, 0, 0, named_channels);
}

Json groups_json(const ActivationGroups &groups, const Seen &seen) {
  Json json = {{"layer", seen.name},
               {"columns", groups.width},
               {"rows", groups.height},
               {"residual", groups.residual},
               {"groups", Json::array()}};
  for (const ActivationGroup &group : groups.groups)
    json["groups"].push_back({{"share", group.share}, {"map", group.map}, {"vector", group.vector}});
  return json;
}

ImageRgb8 groups_page(Context &context, const PictureSettings &settings, const Seen &seen,
                      const ActivationGroups &groups, const Outcome &outcome) {
  const PlaneView view = plane_view(context.session.graph().input.c, context.session.model().rgb);
  std::vector<ColouredMap> maps;
  for (const ActivationGroup &group : groups.groups)
    maps.push_back({group.map, groups.width, groups.height, group_colour(static_cast<int>(maps.size()))});
  const auto count = static_cast<int>(maps.size());
  const int columns = std::min(count, most_columns - 1);
  std::vector<Tile> tiles;
  for (int first = 0; first < count; first += columns) { // maps, and below them their images
    tiles.push_back(first > 0 ? Tile{ImageRgb8(1, 1, page::paper), "", ""}
                              : Tile{draw_overlay(seen.photo, maps), "all groups",
                                     fmt::format("{:.0f} % unexplained", 100 * groups.residual)});
    for (int i = first; i < first + columns; ++i)
      tiles.push_back(i >= count
                          ? Tile{ImageRgb8(1, 1, page::paper), "", ""}
                          : Tile{draw_overlay(seen.photo, {maps[static_cast<std::size_t>(i)]}),
                                 fmt::format("group {}", i + 1),
                                 fmt::format("{:.0f} %", 100 * groups.groups[static_cast<std::size_t>(i)].share)});
    tiles.push_back(first > 0
                        ? Tile{ImageRgb8(1, 1, page::paper), "", ""}
                        : Tile{seen.photo, path_text(std::filesystem::path(settings.image->file).filename()), ""});
    for (int i = first; i < std::min(count, first + columns); ++i) {
      const OptimizedImage &image = outcome.images.at(static_cast<std::size_t>(i));
      std::vector<std::string> channels;
      for (const ChannelStrength &c : strongest_of(groups.groups[static_cast<std::size_t>(i)]))
        channels.push_back(fmt::format("#{}", c.channel));
      tiles.push_back({shown(picture_of(image.image, image.progress, view)),
                       fmt::format("{}", fmt::join(channels, " ")),
                       has_picture(image.progress) ? "" : note_of(image.progress)});
    }
    while (first + columns < count && tiles.size() % static_cast<std::size_t>(columns + 1) != 0)
      tiles.push_back({ImageRgb8(1, 1, page::paper), "", ""});
  }
  GridOptions options = page_of(context, settings, seen,
                                fmt::format("groups of channels that fire together, {} steps", settings.steps.front()));
  options.columns = columns + 1;
  options.cell = 1; // as they are
  return tile_grid(tiles, options);
}

int make_groups(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs) {
  const ActivationGroups groups = group_activations(seen.maps, settings.groups, seen.name);
  if (groups.negative)
    context.note(fmt::format("{} has activations below 0: groups are of the parts above and below it together; a layer "
                             "after a ReLU has clearer ones",
                             seen.name));
  if (!outputs.png.empty() || !outputs.npy.empty()) {
    std::vector<Objective> objectives;
    for (const ActivationGroup &group : groups.groups)
      objectives.push_back(direction_objective(seen.layer, group.vector,
                                               fmt::format("group {} of {}", objectives.size() + 1, seen.name)));
    start_report(context, settings);
    int status = exit_done;
    const auto outcome = optimized(context, request_of(settings, std::move(objectives)), status);
    if (!outcome)
      return status;
    write_page(outputs, groups_page(context, settings, seen, groups, *outcome), settings);
    write_images(outputs, *outcome);
  } else {
    context.tell_notes();
  }
  if (outputs.json)
    fmt::print("{}\n", groups_json(groups, seen).dump());
  return exit_done;
}

// ---- One position ----

int make_dictionary(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs) {
  const auto [x, y] = *settings.at;
  const std::vector<ChannelStrength> channels = strongest_channels(seen.maps, x, y, settings.top);
  if (channels.empty())
    throw UserError(fmt::format("--at {},{}: no channel of {} is above 0 there", x, y, seen.name));
  if (!outputs.png.empty() || !outputs.npy.empty()) {
    std::vector<Objective> objectives;
    for (const ChannelStrength &channel : channels)
      objectives.push_back(context.session.objective(fmt::format("{}:{}", seen.name, channel.channel)));
    start_report(context, settings);
    int status = exit_done;
    const auto outcome = optimized(context, request_of(settings, std::move(objectives)), status);
    if (!outcome)
      return status;
    const PlaneView view = plane_view(context.session.graph().input.c, context.session.model().rgb);
    std::vector<Tile> tiles = {
        {draw_marked(beside(seen.photo, std::max(shown_side, settings.width)), seen.columns(), seen.rows(), x, y),
         fmt::format("at {},{}", x, y), ""}};
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const OptimizedImage &image = outcome->images.at(i);
      tiles.push_back({with_bar(shown(picture_of(image.image, image.progress, view)),
                                channels[i].strength / channels.front().strength),
                       fmt::format("#{}", channels[i].channel),
                       has_picture(image.progress) ? short_number(channels[i].strength) : note_of(image.progress)});
    }
    GridOptions options =
        page_of(context, settings, seen, fmt::format("strongest channels, {} steps", settings.steps.front()));
    options.columns = std::min(static_cast<int>(tiles.size()), most_columns);
    options.cell = 1;
    write_page(outputs, tile_grid(tiles, options), settings);
    write_images(outputs, *outcome);
  } else {
    context.tell_notes();
  }
  if (outputs.json) {
    Json json = {{"layer", seen.name},
                 {"x", x},
                 {"y", y},
                 {"columns", seen.columns()},
                 {"rows", seen.rows()},
                 {"norm", norm_of(vector_at(seen.maps, x, y))},
                 {"channels", Json::array()}};
    for (const ChannelStrength &c : channels)
      json["channels"].push_back({{"channel", c.channel}, {"strength", c.strength}});
    fmt::print("{}\n", json.dump(2));
  }
  return exit_done;
}

// "3,7": from the left and from the top, from 0.
std::array<int, 2> parse_position(const std::string &text) {
  std::array<int, 2> at{};
  const char *next = text.data(), *const end = next + text.size();
  for (std::size_t i = 0; i < 2; ++i) {
    const auto read = std::from_chars(next, end, at[i]);
    const bool ends_well = i == 0 ? read.ptr != end && *read.ptr == ',' : read.ptr == end;
    if (read.ec != std::errc() || at[i] < 0 || !ends_well)
      throw UserError(fmt::format("--at '{}': must be a position x,y of the layer's map, such as 3,7", text));
    next = read.ptr + 1;
  }
  return at;
}

} // namespace

ImageRgb8 draw_cells(const std::vector<GridCell> &cells, int columns, int rows, const Array &images,
                     const PlaneView &view) {
  const std::vector<double> sides = cell_sides(cells);
  std::vector<GridPicture> drawn;
  for (std::size_t i = 0; i < cells.size(); ++i)
    drawn.push_back({cells[i].x, cells[i].y, sides[i], draw_planes(without_border(images, static_cast<int>(i)), view)});
  const int side = std::max(drawn.front().image.width, drawn.front().image.height);
  return draw_activation_grid(drawn, columns, rows, side);
}

int make_grid(Context &context, const PictureSettings &settings, const PictureOutputs &outputs) {
  const Seen seen = look(context, settings);
  if (settings.at)
    return make_dictionary(context, settings, seen, outputs);
  if (settings.groups > 0)
    return make_groups(context, settings, seen, outputs);
  return make_activation_grid(context, settings, seen, outputs);
}

Command add_grid(CLI::App &program) {
  struct Options {
    std::string model, image, layer, at;
    int groups = 0, top = default_top;
    OptimizeOptions optimize;
    InputSize input_size;
    PictureOutputs outputs;
    bool offscreen = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand(
      "grid", "What a layer saw in a photo: an image for every position, for groups of channels, or for one position");
  CLI::App &app = *command.parser;
  app.add_flag("--offscreen", o->offscreen, "As always: there is no window");
  command.need(add_model(app, o->model));
  command.need(add_image(app, o->image));
  command.need(add_text(app, "--layer", o->layer, "A layer of the net (see 'layers')", "L"));
  add_integer(app, "--groups", o->groups, 1, most_groups,
              "Instead: N groups of channels that fire together, their maps over the photo and their images");
  add_text(app, "--at", o->at, "Instead: the strongest channels at one position of the layer's map", "X,Y");
  add_integer(app, "--top", o->top, 1, most_channels, "How many of them [4]");
  add_input_size(app, o->input_size, photo_size_help);
  add_text(app, "--recipe", o->optimize.recipe, fmt::format("{}, or a file, .json", fmt::join(recipe_names(), ", ")),
           "R");
  add_text(app, "--size", o->optimize.size,
           fmt::format("Of an image, N or WxH [{}; with --groups and --at 128]", default_cell), "N|WxH");
  add_integer(app, "--steps", o->optimize.steps, 1, most_steps,
              fmt::format("Optimization steps [{}; with --groups and --at the recipe's]", default_grid_steps));
  add_seed(app, o->optimize.seed);
  add_lr(app, o->optimize.lr);
  add_integer(
      app, "--batch", o->optimize.batch, 1, 10000,
      fmt::format("Images in a step, as far as memory goes: {} random ones of the grid's", default_batch_of_cells));
  add_text(app, "--parameterization", o->optimize.parameterization,
           "fft, pixel or laplacian, instead of the recipe's (fft)", "P");
  add_text(app, "--colours", o->optimize.colours, "decorrelated (as the recipes have it) or rgb", "C");
  add_output(app, o->outputs.png, "The grid, or the labelled page, PNG");
  add_text(app, "--npy", o->outputs.npy,
           "Also the images as float32, 0..1: (rows,columns,C,H,W), grey where nothing fires, or (N,C,H,W)", "F.npy");
  add_json(app, o->outputs.json);
  command.run = [o](Context &context) {
    if (o->outputs.png.empty() && o->outputs.npy.empty() && !o->outputs.json)
      throw UserError("grid: -o is required");
    if (o->groups > 0 && !o->at.empty())
      throw UserError("--groups and --at are two pictures: give one of them");
    check_outputs(
        {{"-o", o->outputs.png, ".png"}, {"--npy", o->outputs.npy, ".npy"}, {"--report", context.options.report, ""}},
        {{"--image", o->image, ""}});
    PictureSettings settings;
    settings.command = "grid";
    const bool whole = o->groups == 0 && o->at.empty();
    if (!o->at.empty()) {
      settings.at = parse_position(o->at);
      settings.top = o->top;
    }
    settings.groups = o->groups;
    settings.recipe = recipe_of(o->optimize);
    if (whole && o->optimize.steps == 0)
      settings.recipe.steps = default_grid_steps;
    settings.steps = {settings.recipe.steps};
    context.read_picture(o->image); // what is wrong with it is said first
    context.load(o->model);
    settings.model = context.session.request();
    settings.image = mark_file(o->image);
    settings.layer = o->layer;
    settings.input_size = o->input_size;
    settings.seed = o->optimize.seed;
    settings.batch = o->optimize.batch;
    const NodeId layer = find_layer(context.session.graph(), o->layer);
    const Size size = !o->optimize.size.empty() ? parse_size(o->optimize.size, "--size")
                                                : image_size_for(context.session.model(), {layer}, settings.recipe,
                                                                 whole ? default_cell : settings.recipe.size);
    settings.width = size.width;
    settings.height = size.height;
    return make_grid(context, settings, o->outputs);
  };
  return command;
}

} // namespace convscope
