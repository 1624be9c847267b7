// Which tiles the wall shows, in which order, and whose turn it is: no window, no device.
#pragma once

#include <span>
#include <vector>

#include "viewer/state.h"

namespace convscope::viewer {

enum class WallSort { index, activation, score };

// All channels: by number, or the strongest first with equals by number. Dead units and values that are no number come
// last, so that the top of the wall is worth looking at.
std::vector<int> wall_order(std::span<const TileState> tiles, WallSort sort);

// A wall that is scrolled: what of it can be seen.
struct WallView {
  int columns = 1;
  float row_height = 1;         // a tile with its label and gap
  float scroll = 0, height = 0; // of the window onto the wall
};
int wall_rows(int tiles, int columns);
// The rows in view, those partly in view too: [first, end).
struct Rows {
  int first = 0, end = 0;
};
Rows rows_in_view(const WallView &view, int tiles);
std::vector<int> channels_in_view(std::span<const int> order, const WallView &view);

// The channels in the order in which they are to be optimized: those in view until they can be told apart, then all
// others that have no image yet, then those in view again, then the rest; within each the fewest steps first, then as
// the wall has them. Dead units wait until nothing else of theirs is left.
constexpr int told_apart = 64; // steps
std::vector<int> optimizing_order(std::span<const TileState> tiles, std::span<const int> in_view);

// The tile `by` places on from `channel` in that order, held at both ends; the first where it isn't there.
int neighbour(std::span<const int> order, int channel, int by);

} // namespace convscope::viewer
