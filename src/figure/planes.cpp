#include "figure/planes.h"

#include "figure/page.h"
#include "io/resize.h"

#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace convscope {

namespace {

Array three_of(const Array &image, const std::array<int, 3> &planes) {
  const auto plane = static_cast<std::ptrdiff_t>(image.shape.at(1) * image.shape.at(2));
  Array rgb{{3, image.shape[1], image.shape[2]}, {}};
  for (const int from : planes) {
    const auto first = image.data.begin() + from * plane;
    rgb.data.insert(rgb.data.end(), first, first + plane);
  }
  return rgb;
}

} // namespace

PlaneView plane_view(int planes, const std::vector<int> &rgb) {
  PlaneView view;
  view.planes = planes;
  if (rgb.size() == 3) {
    view.rgb = {rgb[0], rgb[1], rgb[2]};
  } else if (planes == 1) {
    view.rgb = {0, 0, 0};
  } else if (planes != 3) {
    view.columns = static_cast<int>(std::ceil(std::sqrt(planes)));
    view.rows = (planes + view.columns - 1) / view.columns;
  }
  return view;
}

Size view_size(const PlaneView &view, Size image) {
  return {view.columns * (image.width + plane_gap) - plane_gap, view.rows * (image.height + plane_gap) - plane_gap};
}

ImageRgb8 draw_planes(const Array &image, const PlaneView &view) {
  if (image.shape.size() != 3 || image.shape[0] != view.planes)
    throw std::invalid_argument("an image has other planes than are to be seen");
  if (view.one_picture())
    return to_rgb8(three_of(image, view.rgb));
  const int height = static_cast<int>(image.shape[1]), width = static_cast<int>(image.shape[2]);
  const Size size = view_size(view, {width, height});
  ImageRgb8 mosaic = blank_page(size.width, size.height, "the mosaic of " + std::to_string(view.planes) + " planes");
  for (int c = 0; c < view.planes; ++c)
    paste(mosaic, to_rgb8(three_of(image, {c, c, c})), c % view.columns * (width + plane_gap),
          c / view.columns * (height + plane_gap));
  return mosaic;
}

std::vector<Tile> plane_labels(int planes) {
  std::vector<Tile> tiles;
  for (int c = 0; c < planes; ++c)
    tiles.push_back({{}, fmt::format("plane {}", c), ""});
  return tiles;
}

std::vector<Tile> plane_tiles(const Array &image) {
  std::vector<Tile> tiles = plane_labels(static_cast<int>(image.shape.at(0)));
  for (int c = 0; c < static_cast<int>(tiles.size()); ++c)
    tiles[static_cast<std::size_t>(c)].image = to_rgb8(three_of(image, {c, c, c}));
  return tiles;
}

} // namespace convscope
