// Labelled pictures in rows: the page of `features` and of `optimize`.
#pragma once

#include "io/image.h"

#include <string>
#include <vector>

namespace convscope {

struct Tile {
  ImageRgb8 image;
  std::string label;    // "#13"
  std::string sublabel; // dimmer, on a line of its own or, where both fit, at the right: "max 4.21"
};

struct GridOptions {
  std::string title;    // "vgg16  block3_conv1"; "" for none
  std::string subtitle; // dimmer, after the title: "chelsea.png"
  int columns = 0;      // 0: chosen for a page near 4:3
  int cell = 0;         // smaller pictures are enlarged by a whole factor, to about this size; 0: 128 to 256
};

// Columns for n cells of width x height on a page near 4:3, avoiding a ragged last row.
int pleasing_columns(int n, double width, double height);
// UserError where there are no tiles or the page would pass the limits of an image.
ImageRgb8 tile_grid(const std::vector<Tile> &tiles, const GridOptions &options);
// The same error before there are pictures: they will be of up to width x height.
void check_grid(const std::vector<Tile> &tiles, int width, int height, const GridOptions &options);

} // namespace convscope
