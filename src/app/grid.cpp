// `grid`: what a layer saw in a photo, as an activation grid, as groups of channels, or as one position's channels.
#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/grid_pictures.h"
#include "app/outputs.h"
#include "base/error.h"
#include "graph/names.h"
#include "session/activation_groups.h"
#include "session/input_size.h"
#include "session/recipe_json.h"

namespace convscope {

namespace {

constexpr int default_grid_steps = 256, default_top = 4;

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
    if (o->at.empty() && o->top != default_top)
      throw UserError("--top: is of --at, whose channels it counts");
    const std::vector<Output> outputs = {
        {"-o", o->outputs.png, ".png"}, {"--npy", o->outputs.npy, ".npy"}, {"--report", context.options.report, ""}};
    std::vector<Output> files = files_of(o->optimize);
    files.push_back({"--image", o->image, ""});
    check_outputs(outputs, files);
    PictureSettings settings;
    settings.command = "grid";
    const bool whole = o->groups == 0 && o->at.empty();
    if (!o->at.empty()) {
      settings.at = parse_position(o->at);
      settings.top = o->top;
    }
    settings.groups = o->groups;
    settings.recipe = recipe_of(o->optimize);
    const std::string &recipe = o->optimize.recipe;
    if (whole && o->optimize.steps == 0 && !recipe_says(recipe, "steps"))
      settings.recipe.steps = default_grid_steps;
    settings.steps = {settings.recipe.steps};
    context.read_picture(o->image); // what is wrong with it is said first
    context.load(o->model);
    settings.model = context.session.request();
    settings.image = mark_file(o->image);
    check_outputs(outputs, files_of(settings));
    settings.layer = o->layer;
    settings.input_size = o->input_size;
    settings.seed = o->optimize.seed;
    settings.batch = o->optimize.batch;
    const NodeId layer = find_layer(context.session.graph(), o->layer);
    if (layer == 0)
      throw UserError(fmt::format("--layer {}: is the net's input, which does not respond to anything", o->layer));
    const Size size = !o->optimize.size.empty()
                          ? parse_size(o->optimize.size, "--size")
                          : image_size_for(context.session.model(), {layer}, settings.recipe,
                                           whole && !recipe_says(recipe, "size") ? default_cell : settings.recipe.size);
    settings.width = size.width;
    settings.height = size.height;
    return make_grid(context, settings, o->outputs);
  };
  return command;
}

} // namespace convscope
