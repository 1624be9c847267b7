// What comes of optimized images: tiles, pages and the settings that they carry.
#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/optimizing.h"
#include "app/outputs.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "figure/cutout.h"
#include "figure/feature_grid.h"
#include "figure/grid.h"
#include "io/png.h"
#include "session/accentuation.h"
#include "session/input_size.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {

namespace {

std::string subtitle(const PictureSettings &settings, const std::vector<OptimizedImage> &images) {
  return fmt::format("{}, {} steps, seed {}", settings.recipe.name, images.front().steps, settings.seed);
}

} // namespace

std::string title_of(const Objective &objective) {
  return objective.variant > 0 ? fmt::format("{} ({})", objective.text, objective.variant + 1) : objective.text;
}

Array stacked(const std::vector<OptimizedImage> &images) {
  const auto &shape = images.front().image.shape;
  Array all{{static_cast<std::int64_t>(images.size()), shape[0], shape[1], shape[2]}, {}};
  for (const OptimizedImage &image : images)
    all.data.insert(all.data.end(), image.image.data.begin(), image.image.data.end());
  return all;
}

bool has_picture(const Progress &progress) {
  return progress.state != Progress::State::dead && progress.stopped_at != 0;
}

void write_cutout(const std::string &path, const Array &image, const PlaneView &view, const std::string &settings) {
  const Cutout cutout = cut_out(image);
  std::vector<std::uint8_t> opacity;
  for (const float v : cutout.opacity.data)
    opacity.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 1.0F) * 255)));
  write_png(path, draw_planes(cutout.colours, view), settings, opacity);
}

void write_image(const std::string &path, const OptimizedImage &image, const PlaneView &view,
                 const std::string &settings) {
  if (has_opacity(image.image, view) && has_picture(image.progress))
    write_cutout(path, image.image, view, settings);
  else
    write_png(path, page_of(image.image, image.progress, view), settings);
}

ImageRgb8 picture_of(const Array &image, const Progress &progress, const PlaneView &view) {
  if (has_picture(progress))
    return draw_over_paper(image, view);
  const Size size = view_size(view, {static_cast<int>(image.shape[2]), static_cast<int>(image.shape[1])});
  return no_response_tile(size.width, size.height);
}

ImageRgb8 page_of(const Array &image, const Progress &progress, const PlaneView &view) {
  if (view.one_picture() || !has_picture(progress))
    return picture_of(image, progress, view);
  return tile_grid(plane_tiles(image), {});
}

std::string note_of(const Progress &progress) {
  if (progress.state == Progress::State::dead)
    return "stayed dead";
  if (progress.state == Progress::State::stopped)
    return fmt::format("stopped at step {}: not a number", progress.stopped_at);
  return progress.values.empty() ? "" : "value " + short_number(progress.values.back());
}

void check_opacity(const PictureSettings &settings, const PlaneView &view) {
  if (!settings.opacity)
    return;
  if (!view.one_picture())
    throw UserError(fmt::format("--alpha: images of {} planes are no pictures", view.planes));
  if (settings.recipe.start == Start::photo && !settings.init)
    throw UserError(
        fmt::format("--alpha: the recipe '{}' starts from a photo, which tells no opacity", settings.recipe.name));
}

bool shows_change(const PictureSettings &settings, const PlaneView &view) {
  return settings.recipe.start == Start::photo && settings.photo && !settings.init && view.one_picture() &&
         view.planes == 3;
}

Size net_input(const Session &session, const PictureSettings &settings, const Objective &objective) {
  const Size image{settings.width, settings.height};
  const bool asked = settings.command == "optimize" && settings.input_size.given();
  const Size input = asked ? settings.input_size.size()
                           : input_size_for(session.model(), layers_of(objective), settings.recipe, image);
  return net_size(input, settings.recipe, image);
}

std::vector<Tile> change_tiles(Session &session, const Outcome &outcome, const PictureSettings &settings,
                               const Array &photo, const PlaneView &view) {
  const std::string photo_name = path_text(std::filesystem::path(settings.photo->file).filename());
  std::vector<Tile> tiles;
  for (const OptimizedImage &image : outcome.images) {
    const Objective &objective = outcome.objectives[image.objective];
    const auto note = [&](const Array &picture) -> std::string {
      try {
        const Size input = net_input(session, settings, objective);
        const std::optional<double> value = excitation(session, objective, picture, input);
        return value ? "value " + short_number(*value) : "";
      } catch (const std::exception &) { // an image is not lost for what is written below it
        return "";
      }
    };
    const bool whole = has_picture(image.progress);
    tiles.push_back({draw_planes(photo, view), photo_name, note(photo)});
    tiles.push_back({picture_of(image.image, image.progress, view), title_of(objective),
                     whole ? note(image.image) : note_of(image.progress)});
    tiles.push_back({draw_planes(masked_change(photo, image.image), view), "where it changed", ""});
  }
  return tiles;
}

GridOptions page_options(const PictureSettings &settings, std::string subtitle) {
  constexpr int longest_row = 12;
  GridOptions options;
  options.title = path_text(std::filesystem::path(settings.model.model).filename());
  options.subtitle = std::move(subtitle);
  if (settings.path && settings.objectives.size() <= longest_row)
    options.columns = longest_row;
  return options;
}

ImageRgb8 draw_grid(const Outcome &outcome, const PictureSettings &settings, const PlaneView &view) {
  std::vector<Tile> tiles;
  for (const OptimizedImage &image : outcome.images)
    tiles.push_back({picture_of(image.image, image.progress, view), title_of(outcome.objectives[image.objective]),
                     note_of(image.progress)});
  GridOptions options = page_options(settings, subtitle(settings, outcome.images));
  if (!view.one_picture())
    options.subtitle += fmt::format(", planes 0 to {} row by row", view.planes - 1);
  return tile_grid(tiles, options);
}

PictureSettings settings_of(PictureSettings settings, const std::vector<OptimizedImage> &images) {
  const PictureSettings all = settings;
  if (form_of(settings.recipe.parameterization).coupled && !settings.path) {
    for (const OptimizedImage &image : images)
      settings.steps[image.objective] = image.steps;
    if (images.size() == 1 && settings.objectives.size() > 1)
      settings.only = static_cast<int>(images.front().objective);
    return settings;
  }
  settings.objectives.clear();
  settings.steps.clear();
  settings.which.clear();
  settings.starts.clear();
  for (const OptimizedImage &image : images) {
    settings.objectives.push_back(all.objectives[image.objective]);
    settings.steps.push_back(image.steps);
    settings.which.push_back(all.which[image.objective]);
    if (all.init)
      settings.starts.push_back(all.starts[image.objective]);
  }
  return settings;
}

} // namespace convscope
