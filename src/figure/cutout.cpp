#include "figure/cutout.h"

#include <utility>

namespace convscope {

namespace {

constexpr int side_of_square = 8; // pixels
constexpr float light = 0.8F, dark = 0.6F;

// `ground` is the grey at (x, y).
template <typename Ground> Array over(const Array &image, Ground ground) {
  Cutout cutout = cut_out(image);
  Array &colours = cutout.colours;
  const std::vector<float> &opacity = cutout.opacity.data;
  const auto width = static_cast<std::size_t>(image.shape[2]);
  for (std::size_t i = 0; i < colours.data.size(); ++i) {
    const std::size_t pixel = i % opacity.size();
    const float below = ground(static_cast<int>(pixel % width), static_cast<int>(pixel / width));
    colours.data[i] = below + opacity[pixel] * (colours.data[i] - below);
  }
  return std::move(cutout.colours);
}

} // namespace

Cutout cut_out(const Array &image) {
  const auto split = image.data.end() - image.shape[1] * image.shape[2];
  return {{{image.shape[0] - 1, image.shape[1], image.shape[2]}, {image.data.begin(), split}},
          {{1, image.shape[1], image.shape[2]}, {split, image.data.end()}}};
}

ImageRgb8 draw_over_paper(const Array &image, const PlaneView &view) {
  if (!has_opacity(image, view))
    return draw_planes(image, view);
  return draw_planes(over(image, [](int, int) { return 1.0F; }), view);
}

ImageRgb8 draw_over_squares(const Array &image, const PlaneView &view) {
  if (!has_opacity(image, view))
    return draw_planes(image, view);
  return draw_planes(
      over(image, [](int x, int y) { return (x / side_of_square + y / side_of_square) % 2 == 0 ? light : dark; }),
      view);
}

} // namespace convscope
