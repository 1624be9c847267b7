#include "figure/grid.h"

#include "base/error.h"
#include "figure/heading.h"
#include "figure/page.h"
#include "figure/text.h"

#include <algorithm>
#include <cmath>

namespace convscope {

namespace {

constexpr int label_gap = 5;        // from a picture to its label
constexpr int narrowest_label = 72; // a tall, thin picture gets a wider cell, so that its label can be read
constexpr int label_lines = 3;      // a label of a weighted sum may be long

// A tile's text, laid out for one width.
struct Label {
  std::vector<std::string> lines;
  std::string sublabel;
  bool beside = false; // the sublabel ends the label's only line
  int count() const { return static_cast<int>(lines.size()) + (!sublabel.empty() && !beside); }
};

Label lay_out_label(const Tile &tile, double size, int width) {
  Label label;
  label.lines = wrap(tile.label, size, width, label_lines);
  label.sublabel = elide(tile.sublabel, size, width);
  const double together = measure_text(tile.label, size) + size * 0.8 + measure_text(tile.sublabel, size);
  label.beside = label.lines.size() == 1 && together <= width;
  return label;
}

// The sublabels share one place in every tile: beside the labels only where that fits in all.
std::vector<Label> lay_out_labels(const std::vector<Tile> &tiles, double size, int width) {
  std::vector<Label> labels;
  for (const Tile &tile : tiles)
    labels.push_back(lay_out_label(tile, size, width));
  const bool beside = std::ranges::all_of(labels, &Label::beside);
  for (Label &label : labels)
    label.beside = beside;
  return labels;
}

// The whole factor that brings pictures whose longer side is `side` near the wanted size.
int enlargement(int side, int count, int cell) {
  // A few small maps may be larger than many; pictures that can be seen as they are stay so.
  if (cell <= 0)
    cell = side >= 96 || count > 4 ? 128 : count > 1 ? 192 : 256;
  return std::max(1, static_cast<int>(std::lround(static_cast<double>(cell) / side)));
}

void draw_label(ImageRgb8 &canvas, const Label &label, int x, int y, int width, double size) {
  const TextMetrics metrics = text_metrics(size);
  int baseline = y + metrics.ascent;
  for (const std::string &line : label.lines) {
    draw_text(canvas, x, baseline, line, size, page::ink);
    baseline += metrics.line;
  }
  if (label.sublabel.empty())
    return;
  if (label.beside)
    draw_text(canvas, x + width - measure_text(label.sublabel, size), baseline - metrics.line, label.sublabel, size,
              page::dim);
  else
    draw_text(canvas, x, baseline, label.sublabel, size, page::dim);
}

} // namespace

int pleasing_columns(int n, double width, double height) {
  int best = 1;
  double best_cost = 0;
  for (int columns = 1; columns <= n; ++columns) {
    const int rows = (n + columns - 1) / columns;
    const double aspect = columns * width / (rows * height);
    const int missing = rows == 1 ? 0 : rows * columns - n;
    const double ragged = missing == 0 ? 0 : 0.15 + 0.8 * missing / columns;
    const double cost = std::abs(std::log(aspect * 3 / 4)) + ragged;
    if (columns == 1 || cost < best_cost) {
      best = columns;
      best_cost = cost;
    }
  }
  return best;
}

namespace {

struct GridLayout {
  int factor, cell_width, columns, page_width, page_height;
  double label_size;
  std::vector<Label> labels;
  std::vector<std::int64_t> row_tops; // each row is as high as its own labels need
  Heading heading;
};

// Of pictures of up to width x height; theirs in `tiles` don't matter.
GridLayout lay_out(const std::vector<Tile> &tiles, int width, int height, const GridOptions &options) {
  if (tiles.empty())
    throw UserError("there is nothing to draw: no channel and no objective was chosen");
  const int count = static_cast<int>(tiles.size());
  GridLayout at{};
  at.factor = enlargement(std::max(width, height), count, options.cell);
  width *= at.factor;
  height *= at.factor;
  at.cell_width = std::max(width, narrowest_label);
  at.label_size = std::clamp(width / 12.0, 12.0, 16.0);
  at.labels = lay_out_labels(tiles, at.label_size, at.cell_width);
  const auto label_height = [&](int first, int end) {
    const TextMetrics metrics = text_metrics(at.label_size);
    int lines = 0;
    for (int i = first; i < end; ++i)
      lines = std::max(lines, at.labels[static_cast<std::size_t>(i)].count());
    return lines == 0 ? 0 : label_gap + (lines - 1) * metrics.line + metrics.ascent + metrics.descent;
  };

  const std::int64_t step = at.cell_width + page::gutter;
  at.columns = options.columns > 0
                   ? std::min(options.columns, count)
                   : pleasing_columns(count, static_cast<double>(step), height + label_height(0, count) + page::gutter);
  std::int64_t bottom = 0;
  for (int first = 0; first < count; first += at.columns) {
    at.row_tops.push_back(bottom);
    bottom += height + label_height(first, std::min(first + at.columns, count)) + page::gutter;
  }
  const std::int64_t grid_width = at.columns * step - page::gutter;
  at.heading = lay_out_heading(options.title, options.subtitle,
                               static_cast<int>(std::min<std::int64_t>(grid_width, image_side_limit)));
  const std::int64_t page_width = std::max<std::int64_t>(grid_width, at.heading.width) + 2 * page::margin;
  const std::int64_t page_height = bottom - page::gutter + at.heading.height + 2 * page::margin;
  check_image_size(page_width, page_height, "the grid of " + std::to_string(count) + " pictures (choose fewer)");
  at.page_width = static_cast<int>(page_width);
  at.page_height = static_cast<int>(page_height);
  return at;
}

} // namespace

ImageRgb8 tile_grid(const std::vector<Tile> &tiles, const GridOptions &options) {
  int width = 1, height = 1;
  for (const Tile &tile : tiles) {
    width = std::max(width, tile.image.width);
    height = std::max(height, tile.image.height);
  }
  const GridLayout at = lay_out(tiles, width, height, options);
  ImageRgb8 canvas(at.page_width, at.page_height, page::paper);
  draw_heading(canvas, at.heading, page::margin);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const auto column = i % static_cast<std::size_t>(at.columns), row = i / static_cast<std::size_t>(at.columns);
    const int x = page::margin + static_cast<int>(column) * (at.cell_width + page::gutter);
    const int y = page::margin + at.heading.height + static_cast<int>(at.row_tops[row]);
    paste(canvas, enlarge(tiles[i].image, at.factor), x, y);
    draw_label(canvas, at.labels[i], x, y + height * at.factor + label_gap, at.cell_width, at.label_size);
  }
  return canvas;
}

void check_grid(const std::vector<Tile> &tiles, int width, int height, const GridOptions &options) {
  lay_out(tiles, width, height, options);
}

} // namespace convscope
