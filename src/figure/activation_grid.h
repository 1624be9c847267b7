// What a layer saw, over the photo: an activation grid, groups of channels as colours, one position marked.
#pragma once

#include <span>
#include <vector>

#include "figure/colormap.h"
#include "io/image.h"

namespace convscope {

struct GridPicture {
  int column = 0, row = 0;
  double side = 1; // 0..1, over the cell's
  ImageRgb8 image;
};

// `columns` x `rows` square cells of that side, each picture in the middle of its own, on light grey. UserError where
// the page would pass the limits of an image.
ImageRgb8 draw_activation_grid(const std::vector<GridPicture> &pictures, int columns, int rows, int cell);
// The same error before there are pictures.
void check_activation_grid(int columns, int rows, int cell);

// A colour for each of a few groups, told apart as well as may be; more of them come in turns of hue.
Rgb group_colour(int index);

struct ColouredMap {
  std::span<const float> values; // (height, width), about 0..1
  int width = 0, height = 0;
  Rgb colour;
};
// The photo in dim grey, coloured where maps are.
ImageRgb8 draw_overlay(const ImageRgb8 &photo, const std::vector<ColouredMap> &maps);
// The photo with the cell of a position of such a map framed.
ImageRgb8 draw_marked(const ImageRgb8 &photo, int columns, int rows, int x, int y);
// The picture with a bar below that is as long as `strength`, 0..1.
ImageRgb8 with_bar(const ImageRgb8 &picture, double strength);

} // namespace convscope
