// The page of `examples`: a row a channel, the parts of photos that excite it most, and how all photos do.
#pragma once

#include "figure/grid.h"

#include <cstdint>
#include <string>
#include <vector>

namespace convscope {

struct ExamplesRow {
  std::string label, sublabel;         // "#13", "34 % of photos"
  std::vector<Tile> crops;             // first the best; those without pixels are drawn as missing
  std::vector<std::int64_t> histogram; // counts of bins of one width
  std::string low, high;               // what its ends are; "" for both: no histogram
};

struct ExamplesSection {
  std::string title, subtitle; // "alexnet  conv5", "photos: 2000 photos"
  std::vector<ExamplesRow> rows;
};

inline constexpr int examples_crop_side = 112; // that crops are drawn within

// `top`: crops a row has room for. UserError where the page would pass the limits of an image.
ImageRgb8 examples_page(const std::vector<ExamplesSection> &sections, int top);
// The same error, before there are pictures.
void check_examples_page(const std::vector<std::size_t> &rows_of_sections, int top);

} // namespace convscope
