// The article's figure: for each objective its feature map above and its optimized image below.
#pragma once

#include "base/array.h"
#include "io/image.h"

#include <optional>
#include <string>
#include <vector>

namespace convscope {

struct StripColumn {
  std::string head;    // "block3_conv1"
  std::string subhead; // "channel 13"
  Array map;           // (H,W), (1,H,W) or (1,1,H,W); drawn in magma from 0 to its maximum
  ImageRgb8 image;     // the optimized image
  std::string note;    // below the image, dim: "stayed dead"; usually ""
};

struct StripOptions {
  std::string title;              // "vgg16"; "" for none
  std::optional<ImageRgb8> photo; // what the maps saw, at the far left
  std::string photo_label;        // "chelsea.png"
  int cell = 0;                   // width of a column in pixels; 0: the widest image, 256 to 512
};

// Columns from left to right as given. All maps are drawn in the photo's aspect (without one, the first
// map's). UserError where there are no columns or the page would pass the limits of an image.
ImageRgb8 draw_strip(const std::vector<StripColumn> &columns, const StripOptions &options);

} // namespace convscope
