#include "app/grid_pictures.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/outputs.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"
#include "figure/activation_grid.h"
#include "graph/names.h"
#include "io/npy.h"
#include "io/png.h"
#include "io/resize.h"
#include "session/activation_groups.h"
#include "session/input_size.h"

namespace convscope {

namespace {

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

} // namespace

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

ImageRgb8 shown(const ImageRgb8 &image) {
  const int longer = std::max(image.width, image.height);
  if (longer >= shown_side)
    return image;
  return resize(image, std::max(1, image.width * shown_side / longer), std::max(1, image.height * shown_side / longer));
}

OptimizationOptions options_of(const PictureSettings &settings) {
  OptimizationOptions options;
  options.width = settings.width;
  options.height = settings.height;
  options.seed = settings.seed;
  return options;
}

std::optional<Outcome> optimized(Context &context, const PictureSettings &settings, std::vector<Objective> objectives,
                                 int &status) {
  OptimizeRequest request;
  request.objectives = std::move(objectives);
  request.recipe = settings.recipe;
  request.options = options_of(settings);
  request.batch = settings.batch;
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
  context.report["settings"] = nlohmann::ordered_json::parse(settings_json(settings));
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

} // namespace convscope
