#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "app/outputs.h"
#include "app/pictures.h"
#include "app/report.h"
#include "app/viewer.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/feature_grid.h"
#include "graph/shapes.h"
#include "io/npy.h"
#include "io/png.h"

namespace convscope {

namespace {

constexpr int default_maps = 64;

} // namespace

int make_features(Context &context, const PictureSettings &given, const PictureOutputs &outputs) {
  PictureSettings settings = given;
  Session &session = context.session;
  const ImageRgb8 photo = context.read_picture(settings.image->file);
  const NodeId layer = find_layer(session.graph(), settings.layer);
  const int count = channels_of(session.graph(), layer);
  if (settings.channels.empty()) {
    settings.channels.resize(static_cast<std::size_t>(std::min(count, default_maps)));
    std::iota(settings.channels.begin(), settings.channels.end(), 0);
    if (count > default_maps)
      context.note(fmt::format("{} has {} channels: the first {} are shown; --channels all shows them all",
                               settings.layer, count, default_maps));
  }
  if (std::ranges::any_of(settings.channels, [count](int c) { return c >= count; }))
    throw UserError(fmt::format("--channels: {} has channels 0 to {}", settings.layer, count - 1));
  const MapRange range = parse_map_range(settings.range);

  const Stopwatch clock;
  const Array maps = session.features(photo, {layer}, settings.input_size).at(0);
  context.tell_notes();
  context.report["timings"]["features_s"] = clock.seconds();
  mark_model(session, settings);
  mark_device(session, settings);
  context.report["settings"] = nlohmann::ordered_json::parse(settings_json(settings));
  if (!outputs.png.empty()) {
    GridOptions options;
    options.title = fmt::format("{}  {}", session.graph().name, settings.layer);
    options.subtitle = path_text(std::filesystem::path(settings.image->file).filename());
    write_png(outputs.png, tile_grid(feature_tiles(maps, settings.channels, range), options), settings_json(settings));
    tell("wrote " + outputs.png);
  }
  if (!outputs.npy.empty()) {
    write_npy(outputs.npy, select_channels(maps, settings.channels));
    tell("wrote " + outputs.npy);
  }
  return exit_done;
}

Command add_features(CLI::App &program) {
  struct Options {
    std::string model, image, layer, channels, range = "own";
    PictureOutputs outputs;
    InputSize input_size;
    bool offscreen = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("features", "Feature maps: where in a photo each filter of a layer fires");
  CLI::App &app = *command.parser;
  app.add_flag("--offscreen", o->offscreen, "Without a window: write files and exit");
  command.need(add_model(app, o->model));
  command.need(add_image(app, o->image));
  command.need(add_text(app, "--layer", o->layer, "A layer of the net (see 'layers')", "L"));
  add_text(app, "--channels", o->channels, "Which maps, such as 0-15,40, or all [the first 64]", "LIST");
  add_text(app, "--range", o->range,
           "Scale of the colours: own (each map's maximum), layer (one for all) or two numbers such as 0,1", "R");
  add_input_size(app, o->input_size, photo_size_help);
  add_output(app, o->outputs.png, "The maps as a labelled grid, PNG");
  add_text(app, "--npy", o->outputs.npy, "Also the exact maps as float32 (channels,H,W)", "F.npy");
  command.run = [o](Context &context) {
    if (o->offscreen && o->outputs.png.empty() && o->outputs.npy.empty())
      throw UserError("features: -o is required");
    const std::vector<Output> outputs = {
        {"-o", o->outputs.png, ".png"}, {"--npy", o->outputs.npy, ".npy"}, {"--report", context.options.report, ""}};
    check_outputs(outputs, {{"--image", o->image, ""}});
    parse_map_range(o->range);
    context.read_picture(o->image); // what is wrong with it is said first
    context.load(o->model);
    PictureSettings settings;
    settings.command = "features";
    settings.model = context.session.request();
    settings.image = mark_file(o->image);
    check_outputs(outputs, files_of(settings));
    settings.layer = o->layer;
    settings.range = o->range;
    settings.input_size = o->input_size;
    const Graph &graph = context.session.graph();
    const NodeId layer = find_layer(graph, o->layer);
    const int count = channels_of(graph, layer);
    if (!o->channels.empty())
      settings.channels = parse_channels(o->channels, count, o->layer);
    if (!o->offscreen) {
      note_left_out(context, {{!o->outputs.png.empty(), "-o"},
                              {!o->outputs.npy.empty(), "--npy"},
                              {settings.channels.size() > 1, "channels but the first"},
                              {settings.input_size.given(), "--input-size"},
                              {o->range != "own", "--range"}});
      ViewRequest view;
      view.wish.model = settings.model;
      view.wish.photo = o->image;
      view.wish.layer = graph.nodes[static_cast<std::size_t>(layer)].name;
      if (!o->channels.empty())
        view.wish.focus = viewer::Unit{view.wish.layer, settings.channels.front()};
      return open_viewer(context, std::move(view));
    }
    return make_features(context, settings, o->outputs);
  };
  return command;
}

} // namespace convscope
