// How the planes of an image are seen: as a grey picture, in the colours of three of them, or each by itself.
#pragma once

#include "base/array.h"
#include "base/size.h"
#include "figure/grid.h"
#include "io/image.h"

#include <array>
#include <vector>

namespace convscope {

struct PlaneView {
  int planes = 3;
  std::array<int, 3> rgb{0, 1, 2}; // what is seen as red, green and blue, where it is one picture
  int columns = 1, rows = 1;       // else the planes, grey, row by row
  bool one_picture() const { return columns == 1 && rows == 1; }
  bool operator==(const PlaneView &) const = default;
};
inline constexpr int plane_gap = 2; // pixels between the planes of a mosaic

// `rgb` as Model has it: three planes, or none.
PlaneView plane_view(int planes, const std::vector<int> &rgb);
// Of what draw_planes() draws of images of that size.
Size view_size(const PlaneView &view, Size image);
// (C,H,W), 0..1: the picture, or the mosaic of its planes.
ImageRgb8 draw_planes(const Array &image, const PlaneView &view);
// "plane 0", "plane 1", ...: the mosaic as tiles of a grid.
std::vector<Tile> plane_tiles(const Array &image);
// The same without pictures, for check_grid().
std::vector<Tile> plane_labels(int planes);

} // namespace convscope
