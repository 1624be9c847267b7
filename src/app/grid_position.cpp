// `grid --at`: the channels that are strongest at one position.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "app/grid_pictures.h"
#include "app/report.h"
#include "base/error.h"
#include "figure/activation_grid.h"
#include "figure/feature_grid.h"
#include "io/resize.h"
#include "session/activation_groups.h"

namespace convscope {

namespace {

// The photo no larger than that, beside images of one width.
ImageRgb8 beside(const ImageRgb8 &photo, int side) {
  const double factor = double(side) / std::max(photo.width, photo.height);
  const auto scaled = [factor](int length) { return std::max(1, static_cast<int>(std::lround(length * factor))); };
  return resize(photo, scaled(photo.width), scaled(photo.height));
}

} // namespace

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
    const auto outcome = optimized(context, settings, std::move(objectives), status);
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
    nlohmann::ordered_json json = {{"layer", seen.name},
                                   {"x", x},
                                   {"y", y},
                                   {"columns", seen.columns()},
                                   {"rows", seen.rows()},
                                   {"norm", norm_of(vector_at(seen.maps, x, y))},
                                   {"channels", nlohmann::ordered_json::array()}};
    for (const ChannelStrength &c : channels)
      json["channels"].push_back({{"channel", c.channel}, {"strength", c.strength}});
    fmt::print("{}\n", json.dump(2));
  }
  return exit_done;
}

} // namespace convscope
