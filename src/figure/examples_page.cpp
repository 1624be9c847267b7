#include "figure/examples_page.h"

#include "figure/colormap.h"
#include "figure/heading.h"
#include "figure/page.h"
#include "figure/text.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace convscope {

namespace {

constexpr int side = examples_crop_side;
constexpr int crop_gap = 8;
constexpr int label_width = 104, histogram_width = 150;
constexpr double label_size = 15, value_size = 12;
constexpr int value_gap = 3; // from a crop to its value
constexpr int line_gap = 18;
constexpr int block_gap = 48;   // between rows that stand side by side
constexpr int section_gap = 28; // between layers
constexpr int heading_height = 48;
constexpr Rgb bar = {86, 106, 158}, missing = {236, 236, 236};

int row_height() { return side + value_gap + text_metrics(value_size).line; }
int block_width(int top) { return label_width + top * (side + crop_gap) - crop_gap + page::gutter + histogram_width; }

struct Layout {
  int blocks; // rows side by side
  std::int64_t width, height;
};

Layout lay_out(const std::vector<std::size_t> &rows_of_sections, int top) {
  const std::size_t most = *std::max_element(rows_of_sections.begin(), rows_of_sections.end());
  const std::int64_t step = row_height() + line_gap;
  Layout at{};
  // Up to about a screen's length a row stands below the other; of more, blocks side by side, near 4:3.
  at.blocks = most <= 16
                  ? 1
                  : pleasing_columns(static_cast<int>(most), block_width(top) + block_gap, static_cast<double>(step));
  const auto width_of = [&](int blocks) {
    return std::int64_t{blocks} * (block_width(top) + block_gap) - block_gap + 2 * page::margin;
  };
  while (at.blocks > 1 && width_of(at.blocks) > image_side_limit) // then higher
    --at.blocks;
  at.width = width_of(at.blocks);
  at.height = 2 * page::margin - section_gap;
  for (const std::size_t rows : rows_of_sections) {
    const auto lines = (static_cast<std::int64_t>(rows) + at.blocks - 1) / at.blocks;
    at.height += heading_height + lines * step - line_gap + section_gap;
  }
  check_image_size(
      at.width, at.height,
      "the page of " +
          std::to_string(std::accumulate(rows_of_sections.begin(), rows_of_sections.end(), std::size_t{0})) +
          " channels (choose fewer)");
  return at;
}

void fill(ImageRgb8 &canvas, int x, int y, int width, int height, Rgb colour) {
  for (int row = std::max(y, 0); row < std::min(y + height, canvas.height); ++row)
    for (int column = std::max(x, 0); column < std::min(x + width, canvas.width); ++column)
      std::copy(colour.begin(), colour.end(), canvas.at(column, row));
}

void draw_centred(ImageRgb8 &canvas, int x, int width, int baseline, const std::string &text, double size, Rgb colour) {
  const std::string shown = elide(text, size, width);
  draw_text(canvas, x + (width - measure_text(shown, size)) / 2, baseline, shown, size, colour);
}

void draw_crop(ImageRgb8 &canvas, const Tile &tile, int x, int y) {
  if (tile.image.pixels.empty()) {
    fill(canvas, x, y, side, side, missing);
    draw_centred(canvas, x, side, y + side / 2 + 4, "gone", value_size, page::dim);
  } else { // small ones are enlarged by a whole factor
    const int longer = std::max(tile.image.width, tile.image.height);
    const ImageRgb8 shown = enlarge(tile.image, std::max(1, side / longer));
    paste(canvas, shown, x + (side - shown.width) / 2, y + (side - shown.height) / 2);
  }
  draw_centred(canvas, x, side, y + side + value_gap + text_metrics(value_size).ascent, tile.label, value_size,
               page::dim);
}

// Counts as bars, by their square roots: a bin of a few photos among thousands can still be seen.
void draw_histogram(ImageRgb8 &canvas, const ExamplesRow &row, int x, int y) {
  if (row.histogram.empty())
    return;
  const auto most = static_cast<double>(std::max<std::int64_t>(*std::ranges::max_element(row.histogram), 1));
  const auto bins = static_cast<int>(row.histogram.size());
  const int height = side - 24;
  const auto edge = [&](int bin) { return x + bin * histogram_width / bins; };
  for (int bin = 0; bin < bins; ++bin) {
    const double share = std::sqrt(static_cast<double>(row.histogram[static_cast<std::size_t>(bin)]) / most);
    const int tall = share > 0 ? std::max(1, static_cast<int>(std::lround(share * height))) : 0;
    fill(canvas, edge(bin), y + 24 + height - tall, std::max(1, edge(bin + 1) - edge(bin) - 1), tall, bar);
  }
  fill(canvas, x, y + side, histogram_width, 1, page::dim);
  const int baseline = y + side + value_gap + text_metrics(value_size).ascent;
  draw_text(canvas, x, baseline, row.low, value_size, page::dim);
  draw_text(canvas, x + histogram_width - measure_text(row.high, value_size), baseline, row.high, value_size,
            page::dim);
}

void draw_row(ImageRgb8 &canvas, const ExamplesRow &row, int top, int x, int y) {
  draw_text(canvas, x, y + side / 2, elide(row.label, label_size, label_width - 8), label_size, page::ink);
  int baseline = y + side / 2 + text_metrics(value_size).line + 2;
  for (const std::string &line : wrap(row.sublabel, value_size, label_width - 8, 2)) {
    draw_text(canvas, x, baseline, line, value_size, page::dim);
    baseline += text_metrics(value_size).line;
  }
  x += label_width;
  for (std::size_t i = 0; i < row.crops.size() && i < static_cast<std::size_t>(top); ++i)
    draw_crop(canvas, row.crops[i], x + static_cast<int>(i) * (side + crop_gap), y);
  if (row.crops.empty())
    draw_text(canvas, x, y + side / 2, "no photo excites it", value_size, page::dim);
  draw_histogram(canvas, row, x + top * (side + crop_gap) - crop_gap + page::gutter, y);
}

} // namespace

void check_examples_page(const std::vector<std::size_t> &rows_of_sections, int top) { lay_out(rows_of_sections, top); }

ImageRgb8 examples_page(const std::vector<ExamplesSection> &sections, int top) {
  std::vector<std::size_t> rows;
  for (const ExamplesSection &section : sections)
    rows.push_back(section.rows.size());
  const Layout at = lay_out(rows, top);
  ImageRgb8 canvas(static_cast<int>(at.width), static_cast<int>(at.height), page::paper);
  int y = page::margin;
  for (const ExamplesSection &section : sections) {
    Heading heading = lay_out_heading(section.title, section.subtitle, canvas.width - 2 * page::margin);
    draw_heading(canvas, heading, y);
    y += heading_height;
    const auto lines = static_cast<int>((section.rows.size() + static_cast<std::size_t>(at.blocks) - 1) /
                                        static_cast<std::size_t>(at.blocks));
    // Down the first block, then down the next.
    for (std::size_t i = 0; i < section.rows.size(); ++i) {
      const int block = static_cast<int>(i) / lines, line = static_cast<int>(i) % lines;
      draw_row(canvas, section.rows[i], top, page::margin + block * (block_width(top) + block_gap),
               y + line * (row_height() + line_gap));
    }
    y += lines * (row_height() + line_gap) - line_gap + section_gap;
  }
  return canvas;
}

} // namespace convscope
