#include "app/interpolating.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "app/command.h"
#include "app/outputs.h"
#include "base/error.h"
#include "base/files.h"
#include "io/animation.h"
#include "session/input_size.h"
#include "visualization/interpolation.h"

namespace convscope {

namespace {

void check_end(const Session &session, const Objective &objective, const PictureSettings &settings) {
  const Size size{settings.width, settings.height};
  check_objective(session.model(), objective, settings.recipe, size,
                  settings.input_size.given()
                      ? settings.input_size.size()
                      : input_size_for(session.model(), layers_of(objective), settings.recipe, size));
  for (const auto &[needed, given, option] :
       {std::tuple(objective.needs().photo, settings.photo.has_value(), "--photo"),
        std::tuple(objective.needs().style, settings.style.has_value(), "--style")})
    if (needed && !given)
      throw UserError(fmt::format("objective '{}' compares with a picture: {} is required", objective.text, option));
}

} // namespace

void check_path(const OptimizeOptions &options) {
  if (options.from.empty() && options.to.empty()) {
    if (options.images > 0)
      throw UserError("--images: is how many there are from one objective to another: --from and --to are missing");
    return;
  }
  if (options.from.empty() || options.to.empty())
    throw UserError(options.from.empty() ? "--to: where the path begins is missing: --from"
                                         : "--from: where the path ends is missing: --to");
  if (!options.objectives.empty())
    throw UserError("--objective and --from exclude each other: the objectives of a path are between --from and --to");
  if (options.variants > 1)
    throw UserError("--variants: is of --objective; how many images a path has is told by --images");
}

std::vector<std::string> texts_of(const PictureSettings &settings) {
  if (settings.path)
    return {settings.path->from, settings.path->to};
  return settings.objectives;
}

std::vector<Objective> path_of(const Session &session, const PictureSettings::Path &path) {
  return interpolated(session.objective(path.from), session.objective(path.to), path.images);
}

void check_ends(const Session &session, const PictureSettings &settings) {
  if (settings.path)
    for (const std::string &text : texts_of(settings))
      check_end(session, session.objective(text), settings);
}

bool names_loop(const std::string &path) {
  const std::string extension = lower_extension(path);
  return extension != ".png" && is_animation(extension);
}

void check_loops(const PictureOutputs &outputs, bool path) {
  for (const auto &[option, file] : {std::pair("-o", &outputs.png), std::pair("--loop", &outputs.loop)}) {
    const bool loop = names_loop(*file) || (file == &outputs.loop && !file->empty());
    if (loop && !path)
      throw UserError(
          fmt::format("{} {}: a loop is of the images of a path: --from and --to are missing", option, *file));
    if (loop && !is_animation(lower_extension(*file)))
      throw UserError(fmt::format("{} {}: the name must end in .png, .gif or .y4m", option, *file));
    if (loop && !numbered_paths(*file, 1).empty())
      throw UserError(fmt::format("{} {}: a loop is one file, which needs no number", option, *file));
  }
}

void write_loop(const std::string &path, const Outcome &outcome, const PictureSettings &settings,
                const PlaneView &view) {
  Animation loop;
  for (const OptimizedImage &image : outcome.images)
    loop.frames.push_back(picture_of(image.image, image.progress, view));
  const auto count = static_cast<int>(loop.frames.size());
  for (int i = count - 2; i > 0; --i)
    loop.frames.push_back(loop.frames[static_cast<std::size_t>(i)]);
  loop.rate = std::clamp(count, 4, 25); // forth and back in about two seconds
  PictureSettings of_loop = settings_of(settings, outcome.images);
  of_loop.loop = true;
  loop.settings_json = settings_json(of_loop);
  write_animation(path, loop);
  tell("wrote " + path);
}

} // namespace convscope
