#include "figure/heading.h"

#include "figure/page.h"
#include "figure/text.h"

#include <algorithm>
#include <cmath>

namespace convscope {

namespace {

constexpr double heading_size = 18, subheading_size = 14;
constexpr int heading_gap = 14; // from the title to what is below
constexpr int widest_title = 800;

} // namespace

Heading lay_out_heading(const std::string &title, const std::string &subtitle, int width) {
  Heading heading;
  if (title.empty() && subtitle.empty())
    return heading;
  const double available = std::max(width, widest_title);
  heading.title = elide(title, heading_size, available);
  heading.subtitle = elide(subtitle, subheading_size, available);
  const double first = measure_text(heading.title, heading_size),
               second = measure_text(heading.subtitle, subheading_size);
  heading.beside = first == 0 || second == 0 || first + heading_size + second <= width;
  const bool both = heading.beside && first > 0 && second > 0;
  heading.width = static_cast<int>(std::ceil(both ? first + heading_size + second : std::max(first, second)));
  heading.height =
      text_metrics(heading_size).line + (heading.beside ? 0 : text_metrics(subheading_size).line) + heading_gap;
  return heading;
}

void draw_heading(ImageRgb8 &canvas, const Heading &heading, int top) {
  int baseline = top + text_metrics(heading_size).ascent - 3;
  draw_text(canvas, page::margin, baseline, heading.title, heading_size, page::ink);
  double x = page::margin;
  if (!heading.beside)
    baseline += text_metrics(subheading_size).line + 2;
  else if (!heading.title.empty())
    x += measure_text(heading.title, heading_size) + heading_size;
  draw_text(canvas, x, baseline, heading.subtitle, subheading_size, page::dim);
}

} // namespace convscope
