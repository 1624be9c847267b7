// Images whose last plane is an opacity.
#pragma once

#include "base/array.h"
#include "figure/planes.h"
#include "io/image.h"

namespace convscope {

// Whether there is one: a plane more than the view's.
inline bool has_opacity(const Array &image, const PlaneView &view) { return image.shape.at(0) == view.planes + 1; }

struct Cutout {
  Array colours, opacity; // (C,H,W), (1,H,W)
};
Cutout cut_out(const Array &image);

// Over a page's paper; over squares, light and dark, as what is transparent is shown on a screen. An image without an
// opacity is as draw_planes() has it.
ImageRgb8 draw_over_paper(const Array &image, const PlaneView &view);
ImageRgb8 draw_over_squares(const Array &image, const PlaneView &view);

} // namespace convscope
