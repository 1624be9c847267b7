#include "figure/strip.h"

#include "base/error.h"
#include "figure/colormap.h"
#include "figure/feature_grid.h"
#include "figure/page.h"
#include "figure/text.h"
#include "io/resize.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <utility>

namespace convscope {

namespace {

constexpr double title_size = 20, head_size = 16, small_size = 13;
constexpr int row_gap = 12; // between the maps and the images, and between a head and its map
constexpr int title_gap = 16;
constexpr int head_lines = 2;

// Width and height.
std::pair<int, int> extent_of(const Array &map) {
  const std::size_t rank = map.shape.size();
  if (rank < 2 || map.data.empty() ||
      static_cast<std::size_t>(map.shape[rank - 1] * map.shape[rank - 2]) != map.data.size())
    throw std::invalid_argument("a strip's map needs the shape (H,W)");
  return {static_cast<int>(map.shape[rank - 1]), static_cast<int>(map.shape[rank - 2])};
}

// Every map is one rectangle of evenly sized blocks: whole enlargement first, then a small smooth reduction.
ImageRgb8 draw_map(const Array &map, int width, int height) {
  const auto [map_w, map_h] = extent_of(map);
  const double top = std::ranges::max(map.data);
  if (map_w > width || map_h > height) {
    const Array small = resize({{1, map_h, map_w}, map.data}, width, height);
    return colorize(small.data, width, height, 0, top);
  }
  const int factor = std::max((width + map_w - 1) / map_w, (height + map_h - 1) / map_h);
  return resize(enlarge(colorize(map.data, map_w, map_h, 0, top), factor), width, height);
}

std::string map_note(const Array &map) {
  const double top = std::ranges::max(map.data);
  return top == 0 && std::ranges::min(map.data) == 0 ? "silent" : "max " + short_number(top);
}

// Reads upwards, its middle at (x, y), as a row's name stands beside it.
void draw_upward(ImageRgb8 &canvas, int x, int y, const std::string &text, double size, Rgb colour) {
  const TextMetrics metrics = text_metrics(size);
  ImageRgb8 line(static_cast<int>(std::ceil(measure_text(text, size))) + 2, metrics.ascent + metrics.descent,
                 page::paper);
  draw_text(line, 1, metrics.ascent, text, size, colour);
  ImageRgb8 turned(line.height, line.width);
  for (int row = 0; row < turned.height; ++row)
    for (int column = 0; column < turned.width; ++column)
      std::copy_n(line.at(line.width - 1 - row, column), 3, turned.at(column, row));
  paste(canvas, turned, x - turned.width / 2, y - turned.height / 2);
}

// Lines of text downwards from y.
void draw_lines(ImageRgb8 &canvas, int x, int y, const std::vector<std::string> &lines, double size, Rgb colour) {
  const TextMetrics metrics = text_metrics(size);
  for (std::size_t i = 0; i < lines.size(); ++i)
    draw_text(canvas, x, y + metrics.ascent + static_cast<int>(i) * metrics.line, lines[i], size, colour);
}

int fitted_height(int width, int of_width, int of_height) {
  return std::max(1, static_cast<int>(std::lround(static_cast<double>(width) * of_height / of_width)));
}

} // namespace

ImageRgb8 draw_strip(const std::vector<StripColumn> &columns, const StripOptions &options) {
  if (columns.empty())
    throw UserError("there is nothing to draw: the strip has no objective");
  int cell = options.cell, lines = 1;
  if (cell <= 0) {
    for (const StripColumn &column : columns)
      cell = std::max(cell, column.image.width);
    cell = std::clamp(cell, 256, 512);
  }
  const auto [first_w, first_h] = extent_of(columns.front().map);
  const int map_height = options.photo ? fitted_height(cell, options.photo->width, options.photo->height)
                                       : fitted_height(cell, first_w, first_h);
  int image_height = 1;
  bool notes = false;
  for (const StripColumn &column : columns) {
    check_image_size(column.image.width, column.image.height, "the optimized image of " + column.head);
    lines = std::max(lines, static_cast<int>(wrap(column.head, head_size, cell, head_lines).size()));
    image_height = std::max(image_height, fitted_height(cell, column.image.width, column.image.height));
    notes = notes || !column.note.empty();
  }

  const TextMetrics head = text_metrics(head_size), small = text_metrics(small_size);
  const int title_height = options.title.empty() ? 0 : text_metrics(title_size).line + title_gap;
  const int names_width = small.ascent + small.descent + row_gap; // the rows' names stand upright at the left
  const int heads_top = page::margin + title_height;
  const int subheads_top = heads_top + lines * head.line;
  const int maps_top = subheads_top + small.line + row_gap;
  const int images_top = maps_top + map_height + row_gap;
  const int notes_top = images_top + image_height + row_gap / 2;
  const int step = cell + page::gutter;
  const int left = page::margin + names_width;
  const int pictures = static_cast<int>(columns.size()) + (options.photo ? 1 : 0);
  ImageRgb8 canvas = blank_page(std::int64_t{left} + std::int64_t{pictures} * step - page::gutter + page::margin,
                                std::int64_t{notes_top} + (notes ? small.line : -row_gap / 2) + page::margin,
                                "the strip of " + std::to_string(columns.size()) + " columns (choose fewer)");

  draw_text(canvas, left, page::margin + text_metrics(title_size).ascent - 3,
            elide(options.title, title_size, canvas.width - left - page::margin), title_size, page::ink);
  const int names_x = page::margin + (small.ascent + small.descent) / 2;
  draw_upward(canvas, names_x, maps_top + map_height / 2, "feature map", small_size, page::dim);
  draw_upward(canvas, names_x, images_top + image_height / 2, "optimized image", small_size, page::dim);

  // Heads sit on the line above their subheads, however many lines others need.
  const auto draw_heads = [&](int x, const std::string &name, const std::string &dim_name, const std::string &right) {
    const std::vector<std::string> name_lines = wrap(name, head_size, cell, head_lines);
    draw_lines(canvas, x, subheads_top - static_cast<int>(name_lines.size()) * head.line, name_lines, head_size,
               page::ink);
    const double right_width = measure_text(right, small_size);
    draw_text(canvas, x + cell - right_width, subheads_top + small.ascent, right, small_size, page::dim);
    draw_text(canvas, x, subheads_top + small.ascent, elide(dim_name, small_size, cell - right_width - small_size),
              small_size, page::dim);
  };

  int x = left;
  if (options.photo) {
    draw_heads(x, options.photo_label, "photo", "");
    paste(canvas, resize(*options.photo, cell, map_height), x, maps_top);
    x += step;
  }
  for (const StripColumn &column : columns) {
    draw_heads(x, column.head, column.subhead, map_note(column.map));
    paste(canvas, draw_map(column.map, cell, map_height), x, maps_top);
    paste(canvas, resize(column.image, cell, fitted_height(cell, column.image.width, column.image.height)), x,
          images_top);
    draw_lines(canvas, x, notes_top, {elide(column.note, small_size, cell)}, small_size, page::dim);
    x += step;
  }
  return canvas;
}

} // namespace convscope
