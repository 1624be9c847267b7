#include "figure/heading.h"

#include "figure/page.h"
#include "figure/text.h"

#include <algorithm>
#include <cmath>

namespace convscope {

namespace {

constexpr double title_size = 18, subtitle_size = 14;
constexpr int title_gap = 14; // from the title to what is below
constexpr int widest_title = 800;

} // namespace

Heading lay_out_heading(const std::string &title, const std::string &subtitle, int width) {
  Heading heading;
  if (title.empty() && subtitle.empty())
    return heading;
  const double available = std::max(width, widest_title);
  heading.title = elide(title, title_size, available);
  heading.subtitle = elide(subtitle, subtitle_size, available);
  const double first = measure_text(heading.title, title_size), second = measure_text(heading.subtitle, subtitle_size);
  heading.beside = first == 0 || second == 0 || first + title_size + second <= width;
  const bool both = heading.beside && first > 0 && second > 0;
  heading.width = static_cast<int>(std::ceil(both ? first + title_size + second : std::max(first, second)));
  heading.height = text_metrics(title_size).line + (heading.beside ? 0 : text_metrics(subtitle_size).line) + title_gap;
  return heading;
}

void draw_heading(ImageRgb8 &canvas, const Heading &heading, int top) {
  int baseline = top + text_metrics(title_size).ascent - 3;
  draw_text(canvas, page::margin, baseline, heading.title, title_size, page::ink);
  double x = page::margin;
  if (!heading.beside)
    baseline += text_metrics(subtitle_size).line + 2;
  else if (!heading.title.empty())
    x += measure_text(heading.title, title_size) + title_size;
  draw_text(canvas, x, baseline, heading.subtitle, subtitle_size, page::dim);
}

} // namespace convscope
