// Text in pictures: the embedded DejaVu Sans, antialiased and kerned.
#pragma once

#include "figure/colormap.h"
#include "io/image.h"

#include <string>
#include <string_view>
#include <vector>

namespace convscope {

// Vertical metrics of the font at `size` (pixels an em), in whole pixels.
struct TextMetrics {
  int ascent, descent; // both positive, from the baseline
  int line;            // from baseline to baseline
};
TextMetrics text_metrics(double size);

// The advance of the UTF-8 text in pixels. Bytes that are not UTF-8 show as U+FFFD.
double measure_text(std::string_view text, double size);
// The text, or as much of its beginning as fits before an ellipsis; "" where not even that fits.
std::string elide(std::string_view text, double size, double width);
// Lines that fit, broken at blanks or at the signs in names where it can be; what does not fit into
// max_lines is elided.
std::vector<std::string> wrap(std::string_view text, double size, double width, int max_lines);
// Baseline begins at (x, y). What falls outside the picture is clipped.
void draw_text(ImageRgb8 &canvas, double x, int y, std::string_view text, double size, Rgb colour);

} // namespace convscope
