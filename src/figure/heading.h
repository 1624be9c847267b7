// What stands above a page: its title and, dimmer, where it comes from.
#pragma once

#include "io/image.h"

#include <string>

namespace convscope {

struct Heading {
  std::string title, subtitle;
  bool beside = true; // the subtitle on the title's line
  int width = 0, height = 0;
};

// `width` is what the page needs; it may become a little wider for the title's sake.
Heading lay_out_heading(const std::string &title, const std::string &subtitle, int width);
// `top`: of the page that it stands on, or of a part of it.
void draw_heading(ImageRgb8 &canvas, const Heading &heading, int top);

} // namespace convscope
