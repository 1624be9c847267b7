#include "viewer/wall_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace convscope::viewer {

std::vector<int> wall_order(std::span<const TileState> tiles, WallSort sort) {
  std::vector<int> order(tiles.size());
  std::iota(order.begin(), order.end(), 0);
  if (sort == WallSort::index)
    return order;
  const auto strength = [&](int channel) {
    const TileState &tile = tiles[static_cast<std::size_t>(channel)];
    return sort == WallSort::activation ? tile.map_max : tile.value;
  };
  const auto last = [&](int channel) {
    return tiles[static_cast<std::size_t>(channel)].health == Health::dead || std::isnan(strength(channel));
  };
  const auto end_of_living =
      std::stable_partition(order.begin(), order.end(), [&](int channel) { return !last(channel); });
  std::stable_sort(order.begin(), end_of_living, [&](int a, int b) { return strength(a) > strength(b); });
  return order;
}

int wall_rows(int tiles, int columns) {
  columns = std::max(columns, 1);
  return (std::max(tiles, 0) + columns - 1) / columns;
}

Rows rows_in_view(const WallView &view, int tiles) {
  const int rows = wall_rows(tiles, view.columns);
  if (!(view.row_height > 0) || !(view.height > 0))
    return {};
  // Compared as floats first: a scroll position beyond any int must not become one.
  const auto row = [&](float y) { return static_cast<int>(std::clamp(y, 0.F, static_cast<float>(rows))); };
  return {row(std::floor(view.scroll / view.row_height)),
          row(std::ceil((view.scroll + view.height) / view.row_height))};
}

std::vector<int> channels_in_view(std::span<const int> order, const WallView &view) {
  const auto count = static_cast<int>(order.size());
  const auto [first, end] = rows_in_view(view, count);
  const int columns = std::max(view.columns, 1);
  const int from = std::min(first * columns, count), to = std::min(end * columns, count);
  return {order.begin() + from, order.begin() + std::max(from, to)};
}

std::vector<int> optimizing_order(std::span<const TileState> tiles, std::span<const int> in_view) {
  const auto index = [](int channel) { return static_cast<std::size_t>(channel); };
  std::vector<bool> seen(tiles.size());
  std::vector<int> order;
  order.reserve(tiles.size());
  for (const int channel : in_view)
    if (channel >= 0 && index(channel) < tiles.size() && !seen[index(channel)]) {
      order.push_back(channel);
      seen[index(channel)] = true;
    }
  for (int channel = 0; index(channel) < tiles.size(); ++channel)
    if (!seen[index(channel)])
      order.push_back(channel);
  const auto rank = [&](int channel) {
    const TileState &tile = tiles[index(channel)];
    const bool dead = tile.health == Health::dead;
    int turn = 0;
    if (seen[index(channel)])
      turn = !dead && tile.steps < told_apart ? 0 : 2;
    else
      turn = tile.steps == 0 ? 1 : 3;
    return std::tuple(turn, dead, tile.steps);
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return rank(a) < rank(b); });
  return order;
}

int neighbour(std::span<const int> order, int channel, int by) {
  if (order.empty())
    return channel;
  const auto found = std::find(order.begin(), order.end(), channel);
  if (found == order.end())
    return order.front();
  const auto at = static_cast<long>(found - order.begin()) + by;
  return order[static_cast<std::size_t>(std::clamp(at, 0L, static_cast<long>(order.size()) - 1))];
}

} // namespace convscope::viewer
