// The three pictures that `grid` makes of what a layer saw in a photo, and what they have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/optimizing.h"
#include "app/pictures.h"
#include "base/array.h"
#include "figure/grid.h"
#include "io/image.h"

namespace convscope {

inline constexpr int default_cell = 42, default_batch_of_cells = 64;

// What they are made of.
struct Seen {
  ImageRgb8 photo; // the part that the net saw
  NodeId layer = -1;
  std::string name;
  Array maps; // (C,H,W)
  int columns() const { return static_cast<int>(maps.shape[2]); }
  int rows() const { return static_cast<int>(maps.shape[1]); }
};

// UserError for a photo, a layer or settings that make no picture.
Seen look(Context &context, const PictureSettings &settings);

// Of what was seen; each gives the exit status. An image for every position, sized by activation (grid_cells.cpp);
int make_activation_grid(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs);
// one for each of some groups of channels, with their maps (grid_groups.cpp);
int make_groups(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs);
// the strongest channels of one position (grid_position.cpp).
int make_dictionary(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs);

inline constexpr int most_columns = 7; // of a page
inline constexpr int shown_side = 256; // of its pictures, at least
// With a longer side of `shown_side`, or as large as it is.
ImageRgb8 shown(const ImageRgb8 &image);
OptimizationOptions options_of(const PictureSettings &settings);
// All of the images, or none where it was interrupted.
std::optional<Outcome> optimized(Context &context, const PictureSettings &settings, std::vector<Objective> objectives,
                                 int &status);
void start_report(Context &context, PictureSettings &settings);
GridOptions page_of(Context &context, const PictureSettings &settings, const Seen &seen, std::string more);
void write_page(const PictureOutputs &outputs, const ImageRgb8 &page, const PictureSettings &settings);
void write_images(const PictureOutputs &outputs, const Outcome &outcome);

} // namespace convscope
