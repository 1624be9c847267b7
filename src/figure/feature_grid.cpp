#include "figure/feature_grid.h"

#include "base/error.h"
#include "base/text.h"
#include "figure/colormap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>

namespace convscope {

MapRange parse_map_range(std::string_view text) {
  if (text.empty() || text == "own")
    return {};
  if (text == "layer")
    return {MapRange::Mode::layer};
  const std::vector<std::string> ends = split(text, ',');
  if (ends.size() == 2) {
    const auto low = parse_number(ends[0]), high = parse_number(ends[1]);
    if (low && high && *low < *high)
      return {MapRange::Mode::fixed, *low, *high};
    if (low && high)
      throw UserError(fmt::format("--range: '{}' is empty: its first number must be below its second", text));
  }
  throw UserError(fmt::format("--range: '{}' is neither 'own', 'layer' nor two numbers such as 0,1{}", text,
                              did_you_mean(text, {"own", "layer"})));
}

std::string short_number(double value) {
  if (value == 0)
    return "0";
  if (!std::isfinite(value))
    return fmt::format("{}", value);
  const double size = std::abs(value);
  if (size >= 1e6 || size < 1e-4)
    return fmt::format("{:.2e}", value);
  if (size >= 99.95)
    return fmt::format("{:.0f}", value);
  // Three significant digits: 4.21, 42.1, 0.0421.
  const int decimals = size >= 9.995    ? 1
                       : size >= 0.9995 ? 2
                                        : 2 - static_cast<int>(std::floor(std::log10(size * 1.0005)));
  return fmt::format("{:.{}f}", value, decimals);
}

std::vector<Tile> feature_tiles(const Array &maps, const std::vector<int> &channels, const MapRange &range) {
  const std::size_t rank = maps.shape.size();
  if ((rank != 3 && !(rank == 4 && maps.shape[0] == 1)) || maps.data.empty() ||
      static_cast<std::size_t>(maps.elements()) != maps.data.size())
    throw std::invalid_argument("feature maps need the shape (C,H,W)");
  const std::int64_t count = maps.shape[rank - 3];
  const int height = static_cast<int>(maps.shape[rank - 2]), width = static_cast<int>(maps.shape[rank - 1]);
  const std::size_t plane = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  const auto map = [&](int channel) {
    if (channel < 0 || channel >= count)
      throw UserError(fmt::format("--channels: {} is not a channel of this layer; it has 0 to {}", channel, count - 1));
    return std::span(maps.data).subspan(static_cast<std::size_t>(channel) * plane, plane);
  };

  double layer_max = 0;
  for (const int channel : channels)
    layer_max = std::max<double>(layer_max, std::ranges::max(map(channel)));

  std::vector<Tile> tiles;
  for (const int channel : channels) {
    const auto values = map(channel);
    const double own_max = std::ranges::max(values);
    const bool silent = std::ranges::all_of(values, [](float v) { return v == 0; });
    const double low = range.mode == MapRange::Mode::fixed ? range.low : 0;
    const double high = range.mode == MapRange::Mode::fixed   ? range.high
                        : range.mode == MapRange::Mode::layer ? layer_max
                                                              : own_max;
    tiles.push_back({colorize(values, width, height, low, high), fmt::format("#{}", channel),
                     silent ? "silent" : "max " + short_number(own_max)});
  }
  return tiles;
}

} // namespace convscope
