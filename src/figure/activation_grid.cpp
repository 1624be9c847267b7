#include "figure/activation_grid.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "figure/page.h"
#include "io/resize.h"

namespace convscope {

namespace {

constexpr std::uint8_t background = 230; // 0.9: what cells that saw little fade into

std::uint8_t byte_of(double value) { return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))); }

} // namespace

void check_activation_grid(int columns, int rows, int cell) {
  check_image_size(std::int64_t{columns} * cell, std::int64_t{rows} * cell, "the grid (smaller cells need less)");
}

ImageRgb8 draw_activation_grid(const std::vector<GridPicture> &pictures, int columns, int rows, int cell) {
  check_activation_grid(columns, rows, cell);
  ImageRgb8 canvas(columns * cell, rows * cell, background);
  for (const GridPicture &picture : pictures) {
    const int side = std::clamp(static_cast<int>(std::lround(picture.side * cell)), 1, cell);
    const int longer = std::max(picture.image.width, picture.image.height);
    const auto part = [&](int length) {
      return std::max(1, static_cast<int>(std::lround(double(side) * length / longer)));
    };
    const int width = part(picture.image.width), height = part(picture.image.height);
    paste(canvas, resize(picture.image, width, height), picture.column * cell + (cell - width) / 2,
          picture.row * cell + (cell - height) / 2);
  }
  return canvas;
}

Rgb group_colour(int index) {
  // Okabe and Ito's, in an order in which neighbours differ, then some of Tol's muted ones, all to be told apart by the
  // colour-blind, too; then hues a golden angle apart.
  static constexpr std::array<Rgb, 12> known = {{{230, 159, 0},
                                                 {0, 114, 178},
                                                 {0, 158, 115},
                                                 {204, 121, 167},
                                                 {86, 180, 233},
                                                 {213, 94, 0},
                                                 {240, 228, 66},
                                                 {136, 34, 85},
                                                 {221, 221, 221},
                                                 {51, 34, 136},
                                                 {153, 153, 51},
                                                 {17, 119, 51}}};
  if (index < static_cast<int>(known.size()))
    return known[static_cast<std::size_t>(index)];
  const double hue = std::fmod(index * 0.381966, 1.0) * 6;
  const auto channel = [&](double offset) {
    const double k = std::fmod(offset + hue, 6.0);
    return byte_of(255 * (0.85 - 0.7 * std::clamp(std::min(k, 4 - k), 0.0, 1.0)));
  };
  return {channel(5), channel(3), channel(1)};
}

ImageRgb8 draw_overlay(const ImageRgb8 &photo, const std::vector<ColouredMap> &maps) {
  std::vector<Array> enlarged;
  for (const ColouredMap &map : maps)
    enlarged.push_back(
        resize({{1, map.height, map.width}, {map.values.begin(), map.values.end()}}, photo.width, photo.height));
  ImageRgb8 canvas(photo.width, photo.height);
  const auto pixels = static_cast<std::size_t>(photo.width) * static_cast<std::size_t>(photo.height);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t *from = &photo.pixels[i * 3];
    const double light = luma[0] * from[0] + luma[1] * from[1] + luma[2] * from[2];
    std::array<double, 3> colour{};
    double weights = 0, most = 0;
    for (std::size_t m = 0; m < maps.size(); ++m) {
      const double w = std::clamp(static_cast<double>(enlarged[m].data[i]), 0.0, 1.0);
      for (std::size_t c = 0; c < 3; ++c)
        colour[c] += w * w * maps[m].colour[c]; // the strongest group shows
      weights += w * w;
      most = std::max(most, w);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      // The photo's light stays visible in the colour.
      const double tinted = weights > 0 ? colour[c] / weights * (0.35 + 0.65 * light / 255) : 0;
      canvas.pixels[i * 3 + c] = byte_of((1 - most) * (24 + 0.4 * light) + most * tinted);
    }
  }
  return canvas;
}

ImageRgb8 draw_marked(const ImageRgb8 &photo, int columns, int rows, int x, int y) {
  ImageRgb8 canvas = photo;
  const auto edge = [](int i, int count, int length) {
    return static_cast<int>(std::lround(double(i) * length / count));
  };
  const int left = edge(x, columns, photo.width), right = std::max(left + 3, edge(x + 1, columns, photo.width));
  const int top = edge(y, rows, photo.height), bottom = std::max(top + 3, edge(y + 1, rows, photo.height));
  const auto frame = [&](int grow, std::uint8_t grey) {
    for (int py = top - grow; py < bottom + grow; ++py)
      for (int px = left - grow; px < right + grow; ++px) {
        const bool border = px == left - grow || px == right + grow - 1 || py == top - grow || py == bottom + grow - 1;
        if (border && px >= 0 && py >= 0 && px < canvas.width && py < canvas.height)
          std::fill_n(canvas.at(px, py), 3, grey);
      }
  };
  frame(0, 255);
  frame(1, 255);
  frame(2, 0); // to be seen on light and on dark
  return canvas;
}

ImageRgb8 with_bar(const ImageRgb8 &picture, double strength) {
  constexpr int gap = 3, thickness = 6;
  ImageRgb8 canvas(picture.width, picture.height + gap + thickness, page::paper);
  paste(canvas, picture, 0, 0);
  const int length = std::clamp(static_cast<int>(std::lround(strength * picture.width)), 1, picture.width);
  for (int y = picture.height + gap; y < canvas.height; ++y)
    for (int x = 0; x < picture.width; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        canvas.at(x, y)[c] = x < length ? page::ink[c] : background;
  return canvas;
}

} // namespace convscope
