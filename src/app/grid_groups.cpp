// `grid --groups`: channels that fire together, where, and their images.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/grid_pictures.h"
#include "app/report.h"
#include "base/files.h"
#include "figure/activation_grid.h"
#include "figure/feature_grid.h"
#include "figure/page.h"
#include "session/activation_groups.h"
#include "session/grid_run.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

constexpr int named_channels = 4; // of a group

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

} // namespace

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
    const auto outcome = optimized(context, settings, std::move(objectives), status);
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

} // namespace convscope
