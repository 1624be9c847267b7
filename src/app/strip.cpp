#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/optimizing.h"
#include "app/outputs.h"
#include "app/pictures.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/strip.h"
#include "graph/shapes.h"
#include "io/image.h"
#include "io/png.h"
#include "session/recipe_json.h"

namespace convscope {

namespace {

// Those of the image itself come before all that are of layers.
const Term &first_of_layer(const Objective &objective) {
  for (const Term &term : objective.terms)
    if (term.layer >= 0)
      return term;
  throw UserError(fmt::format("objective '{}' is of no layer, so a strip has no map of it", objective.text));
}

// The map that the objective's first term looks at: its channel's, or the mean of a whole layer's.
Array map_of(const Array &maps, const Term &term) {
  if (term.channel >= 0)
    return select_channels(maps, {term.channel});
  const std::int64_t channels = maps.shape.at(0);
  const auto plane = static_cast<std::size_t>(maps.shape.at(1) * maps.shape.at(2));
  Array mean{{1, maps.shape[1], maps.shape[2]}, std::vector<float>(plane)};
  for (std::size_t i = 0; i < maps.data.size(); ++i)
    mean.data[i % plane] += maps.data[i] / static_cast<float>(channels);
  return mean;
}

std::string subhead(const Objective &objective) {
  const Term &term = first_of_layer(objective);
  if (objective.terms.size() > 1 || term.kind > TermKind::mean_square)
    return fmt::format("of {}", objective.text);
  if (term.channel < 0)
    return "mean of the channels";
  const Positions &at = term.positions;
  if (at.kind == Positions::Kind::all)
    return fmt::format("channel {}", term.channel);
  if (at.kind == Positions::Kind::centre)
    return fmt::format("channel {} at the centre", term.channel);
  return fmt::format("channel {} at {},{}{}", term.channel, at.x, at.y,
                     is_unit(term) ? "" : fmt::format(", {}x{}", at.width, at.height));
}

// What the strip draws as it draws a picture of that size, which it makes smaller.
ImageRgb8 stand_in(int width, int height) {
  const int less = std::min(width, 512);
  return {less, std::max(1, static_cast<int>(std::lround(double(less) * height / width)))};
}

// Figures enlarge small images; a tile with text is drawn large.
ImageRgb8 column_picture(const OptimizedImage &image, const PlaneView &view) {
  if (has_picture(image.progress))
    return picture_of(image.image, image.progress, view);
  const auto width = static_cast<int>(image.image.shape[2]), height = static_cast<int>(image.image.shape[1]);
  const Size size = view_size(view, {width, height});
  const int factor = (255 + size.width) / size.width;
  return no_response_tile(size.width * factor, size.height * factor);
}

} // namespace

int make_strip(Context &context, const PictureSettings &given, const PictureOutputs &outputs) {
  PictureSettings settings = given;
  Session &session = context.session;
  const ImageRgb8 photo = context.read_picture(settings.image->file);
  std::vector<Objective> objectives;
  for (const std::string &text : settings.objectives)
    objectives.push_back(session.objective(text));
  std::vector<NodeId> layers;
  for (const Objective &objective : objectives)
    layers.push_back(first_of_layer(objective).layer);
  StripOptions options;
  options.title = session.graph().name;
  options.photo = photo;
  options.photo_label = path_text(std::filesystem::path(settings.image->file).filename());
  const auto head = [&](NodeId layer) { return session.graph().nodes[static_cast<std::size_t>(layer)].name; };
  // That all have room on a page is said before the work: it is laid out with empty pictures.
  const PlaneView view = plane_view(session.graph().input.c, session.model().rgb);
  const Size shown = view_size(view, {settings.width, settings.height});
  std::vector<StripColumn> columns;
  for (std::size_t i = 0; i < objectives.size(); ++i)
    columns.push_back(
        {head(layers[i]), subhead(objectives[i]), Array{{1, 1}, {0}}, stand_in(shown.width, shown.height), "note"});
  draw_strip(columns, options);
  columns.clear();
  mark_model(session, settings);
  Optimizing optimizing(context, settings);
  const std::vector<Array> maps = session.features(photo, layers, settings.input_size);
  mark_device(session, settings);
  context.report["settings"] = nlohmann::ordered_json::parse(settings_json(settings));

  const Outcome outcome = optimizing.run();
  if (outcome.images.empty()) {
    tell("nothing was written");
    return outcome.status();
  }
  std::vector<OptimizedImage> images = outcome.images;
  std::stable_sort(images.begin(), images.end(), [&](const OptimizedImage &a, const OptimizedImage &b) {
    return layers[a.objective] < layers[b.objective];
  });
  for (const OptimizedImage &image : images) {
    const Objective &objective = objectives[image.objective];
    const Progress::State state = image.progress.state;
    columns.push_back({head(layers[image.objective]), subhead(objective),
                       map_of(maps[image.objective], first_of_layer(objective)), column_picture(image, view),
                       state == Progress::State::running ? "" : note_of(image.progress)});
  }
  write_png(outputs.png, draw_strip(columns, options), settings_json(settings_of(settings, outcome.images)));
  tell("wrote " + outputs.png);
  return outcome.status();
}

Command add_strip(CLI::App &program) {
  struct Options {
    std::string model, image;
    OptimizeOptions optimize;
    PictureOutputs outputs;
    InputSize input_size;
    bool offscreen = false;
  };
  const auto o = std::make_shared<Options>();
  Command command;
  command.parser = program.add_subcommand("strip", "Feature maps of a photo above, optimized images below, by layer");
  CLI::App &app = *command.parser;
  app.add_flag("--offscreen", o->offscreen, "Accepted for likeness: a strip never opens a window");
  command.need(add_model(app, o->model));
  command.need(add_image(app, o->image));
  command.need(add_optimize_options(app, o->optimize));
  add_print_recipe(command, o->optimize);
  add_input_size(app, o->input_size, photo_size_help);
  command.need(add_output(app, o->outputs.png, "The figure, PNG"));
  command.run = [o](Context &context) {
    if (o->optimize.print_recipe) {
      print_recipe(o->optimize);
      return exit_done;
    }
    const std::vector<Output> outputs = {{"-o", o->outputs.png, ".png"}, {"--report", context.options.report, ""}};
    std::vector<Output> files = files_of(o->optimize);
    files.push_back({"--image", o->image, ""});
    check_outputs(outputs, files);
    PictureSettings settings;
    settings.command = "strip";
    settings.input_size = o->input_size;
    context.read_picture(o->image); // what is wrong with it is said first
    settings.image = mark_file(o->image);
    context.load(o->model);
    settings.model = context.session.request();
    apply(o->optimize, context, settings);
    check_outputs(outputs, files_of(settings));
    note_unused_pictures(context, settings);
    return make_strip(context, settings, o->outputs);
  };
  return command;
}

} // namespace convscope
