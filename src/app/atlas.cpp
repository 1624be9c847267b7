// `atlas`: what a layer sees in a folder of photos, laid out in a plane by likeness: an activation atlas.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/optimizing.h"
#include "app/outputs.h"
#include "app/photos.h"
#include "app/progress.h"
#include "app/report.h"
#include "atlas/atlas.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/activation_grid.h"
#include "figure/planes.h"
#include "graph/names.h"
#include "io/png.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

constexpr int default_side = 20, most_side = 160, default_image = 80;

struct AtlasOptions {
  std::string model, images, layer, database, output, size, recipe = "lucid";
  int side = default_side, least = 0, steps = 0, batch = 0;
  std::uint64_t seed = 0;
  InputSize input_size;
  bool json = false;
};

Json cells_json(const std::vector<AtlasCell> &cells, const PositionExamples &positions) {
  Json list = Json::array();
  for (const AtlasCell &cell : cells) {
    Json points = Json::array();
    for (const int point : cell.points) {
      const auto i = static_cast<std::size_t>(point);
      points.push_back({{"file", positions.files[i]}, {"x", positions.x[i]}, {"y", positions.y[i]}});
    }
    list.push_back({{"column", cell.column}, {"row", cell.row}, {"points", std::move(points)}});
  }
  return list;
}

AtlasLayout lay_out(Context &context, const PositionExamples &positions, std::uint64_t seed) {
  constexpr std::int64_t parts = 1000;
  ProgressBar bar(parts);
  return {context.session.programs(), positions.vectors, seed, [&bar](double share) {
            const auto done = static_cast<std::int64_t>(share * static_cast<double>(parts));
            if (bar.due(done, done))
              bar.show(fmt::format("neighbours of {:.0f} % of the photos", 100 * share));
          }};
}

OptimizeRequest request_of(const AtlasOptions &o, Size size, NodeId layer, const std::string &name,
                           const std::vector<AtlasCell> &cells) {
  OptimizeRequest request;
  OptimizeOptions options;
  options.recipe = o.recipe;
  options.steps = o.steps;
  request.recipe = recipe_of(options);
  request.options.width = size.width;
  request.options.height = size.height;
  request.options.seed = o.seed;
  request.batch = o.batch;
  for (const AtlasCell &cell : cells)
    request.objectives.push_back(
        cell_objective(layer, cell, fmt::format("{} cell {},{} of {}", name, cell.column, cell.row, o.side)));
  return request;
}

// The part of the grid that has cells.
ImageRgb8 draw(const Context &context, const AtlasOptions &o, const std::vector<AtlasCell> &cells,
               const Outcome &outcome) {
  const PlaneView view = plane_view(context.session.graph().input.c, context.session.model().rgb);
  std::size_t most = 0;
  for (const AtlasCell &cell : cells)
    most = std::max(most, cell.points.size());
  std::vector<GridPicture> pictures;
  int side = 1;
  for (const OptimizedImage &image : outcome.images) {
    const AtlasCell &cell = cells[image.objective];
    if (!has_picture(image.progress))
      continue;
    pictures.push_back(
        {cell.column, cell.row, cell_size(cell.points.size(), most), picture_of(image.image, image.progress, view)});
    side = std::max({side, pictures.back().image.width, pictures.back().image.height});
  }
  return draw_activation_grid(pictures, o.side, o.side, side);
}

int make_atlas(Context &context, const AtlasOptions &o) {
  const NodeId layer = find_layer(context.session.graph(), o.layer);
  const std::string name = context.session.graph().nodes[static_cast<std::size_t>(layer)].name;
  if (!context.session.has_maps(layer))
    throw UserError(fmt::format("layer '{}' gives a vector, which has no positions", name));
  const Size size = o.size.empty() ? square(default_image) : parse_size(o.size, "--size");
  if (!o.output.empty())
    check_activation_grid(o.side, o.side, std::max(size.width, size.height));
  ExamplesRequest request;
  request.folder = o.images;
  request.positions = {layer};
  request.seed = o.seed;
  request.database = o.database;
  request.input_size = o.input_size;
  if (!o.output.empty())
    request.leave_out = own_output(o.output, o.images);
  const Stopwatch clock;
  const auto run = list_photos(context.session, std::move(request));
  context.tell_notes();
  const bool whole = look_at_photos(*run);
  tell_skipped(*run, o.images);
  if (!whole) {
    tell_stopped(*run, o.database);
    return exit_interrupted;
  }
  const PositionExamples positions = run->positions(layer);
  const auto points = static_cast<int>(positions.files.size());
  if (positions.left_out > 0)
    tell(fmt::format("{} photos left {} silent where it was looked at", positions.left_out, name));
  if (points < least_atlas_points)
    throw UserError(fmt::format("{}: an atlas needs at least {} photos that {} answers to; there are {}", o.images,
                                least_atlas_points, name, points));
  if (points < fewest_atlas_points)
    tell(fmt::format("an atlas of {} photos is too few to show what {} sees: {} are the least", points, name,
                     fewest_atlas_points));
  const AtlasLayout layout = lay_out(context, positions, o.seed);
  const int least = o.least > 0 ? o.least : fewest_of_cell(points);
  const std::vector<AtlasCell> cells = layout.cells(o.side, least);
  if (cells.empty())
    throw UserError(fmt::format("--cell-points {}: no cell of {} by {} holds so many of {} photos", o.least, o.side,
                                o.side, points));
  context.report["timings"]["layout_s"] = clock.seconds();
  int status = exit_done;
  if (!o.output.empty()) {
    tell(fmt::format("{} of {} by {} cells hold {} photos or more", cells.size(), o.side, o.side, least));
    const Outcome outcome = Optimizing(context, request_of(o, size, layer, name, cells)).run();
    status = outcome.status();
    if (outcome.interrupted) {
      tell("nothing was written");
      return status;
    }
    write_png(o.output, draw(context, o, cells, outcome));
    tell("wrote " + o.output);
  }
  if (o.json)
    fmt::print(
        "{}\n",
        Json{{"layer", name}, {"side", o.side}, {"photos", points}, {"cells", cells_json(cells, positions)}}.dump(
            2, ' ', false, Json::error_handler_t::replace));
  return status;
}

} // namespace

Command add_atlas(CLI::App &program) {
  const auto o = std::make_shared<AtlasOptions>();
  Command command;
  command.parser = program.add_subcommand(
      "atlas", "What a layer sees in a folder of photos, laid out by likeness and drawn: an activation atlas");
  CLI::App &app = *command.parser;
  command.need(add_model(app, o->model));
  command.need(add_text(app, "--images", o->images,
                        "A folder of photos (PNG, JPEG, WebP), with the folders in it: one position of each", "DIR"));
  command.need(add_text(app, "--layer", o->layer, "A layer of the net (see 'layers')", "L"));
  add_integer(app, "--side", o->side, 1, most_side, "Cells across and down")->default_str("20");
  add_integer(app, "--cell-points", o->least, 1, 1000000,
              "Photos that a cell is drawn from, at least [3; of a small folder 1]");
  add_text(app, "--db", o->database, "Keep here what was seen: a run that was stopped goes on, and photos may be added",
           "F.sqlite");
  add_input_size(app, o->input_size,
                 "What the net gets, N or WxH: the part in the photo's middle that has this shape [the net's: 224]");
  add_text(app, "--size", o->size, "Of a cell's image, N or WxH [80]", "N|WxH");
  add_text(app, "--recipe", o->recipe, "Of the cells' images, as for 'optimize'", "R");
  add_integer(app, "--steps", o->steps, 1, most_steps, "Optimization steps [the recipe's]");
  add_seed(app, o->seed);
  add_integer(app, "--batch", o->batch, 1, 10000, "Most images at once, as far as memory goes [16, on a CPU device 4]");
  add_output(app, o->output, "The atlas, PNG");
  add_json(app, o->json);
  command.run = [o](Context &context) {
    if (o->output.empty() && !o->json)
      throw UserError("atlas: -o is required");
    check_outputs({{"-o", o->output, ".png"}, {"--report", context.options.report, ""}}, {{"--db", o->database, ""}});
    context.load(o->model);
    return make_atlas(context, *o);
  };
  return command;
}

} // namespace convscope
